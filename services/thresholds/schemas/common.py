"""What request bodies have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
