"""Types that the documents of casework share, and the versions of one."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints

from services.thresholds.schemas import NO_NUL

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100


def _within(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year lies between {FIRST_YEAR} and {LAST_YEAR}")
    return value


Day = Annotated[date, AfterValidator(_within)]
"""A day of this century: one to which weeks can be added."""

Moment = Annotated[AwareDatetime, AfterValidator(_within)]
"""A time of this century, with an offset."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)]
"""A line of a list: a barrier, an action, an outcome that is wanted."""


class CaseworkVersionOut(BaseModel):
    """A version: the account that saved it, the fields that it changed, and the document as it was then."""

    version: int
    saved_by: str
    saved_at: datetime
    changed: list[str]
    document: dict[str, Any]
