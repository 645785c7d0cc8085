"""What the requests of several rooms have in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.moe_sync.roster.week import Week
from shared.web.cursors import MOST_ITEMS


def _is_week(text: str) -> str:
    Week.parse(text)
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A line that a person has written."""


Limit = Annotated[
    int,
    Field(ge=1, description=f"Items of a page; {MOST_ITEMS} at most, whatever is asked for"),
    AfterValidator(lambda limit: min(limit, MOST_ITEMS)),
]
"""As `shared.web.cursors.PageLimit`, in a query that refuses unknown fields: there, a field can't be a query of its own."""


WeekName = Annotated[str, AfterValidator(_is_week), Field(examples=["2026-W43"], description="ISO week")]


class Body(BaseModel):
    """A request body or query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Body):
    """Which page of a list."""

    limit: Limit = 50
    cursor: str | None = None
