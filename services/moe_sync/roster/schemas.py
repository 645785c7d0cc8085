"""Fields that the requests of several rooms have in common."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from services.moe_sync.roster.week import Week
from shared.web.cursors import PageLimit
from shared.web.schemas import Body


def _is_week(text: str) -> str:
    Week.parse(text)
    return text


WeekName = Annotated[str, AfterValidator(_is_week), Field(examples=["2026-W43"], description="ISO week")]

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line that a person has written."""


class PageQuery(Body):
    """A page of a list."""

    limit: PageLimit = 50
    cursor: str | None = None
