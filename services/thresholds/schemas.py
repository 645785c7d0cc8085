"""What request bodies have in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.web.cursors import MOST_ITEMS

NO_NUL = r"^[^\x00]*$"
"""A NUL character is one that no table can keep."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000, pattern=NO_NUL)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=NO_NUL)]

Asked = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
"""A text in a query."""

ThresholdAsked = Annotated[Threshold, BeforeValidator(lambda asked: {str(known): known for known in THRESHOLDS}.get(asked, asked))]
"""A threshold in a query, where everything is text."""

ItemLimit = Annotated[
    int,
    Field(ge=1, description=f"Items of a page; {MOST_ITEMS} at most, whatever is asked for"),
    AfterValidator(lambda limit: min(limit, MOST_ITEMS)),
]
"""`shared.web.cursors.PageLimit`, for a query that is a model."""


class Body(BaseModel):
    """A request body, or query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
