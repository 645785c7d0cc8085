"""The common base of the services' request models."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from shared.attendance.tiers import THRESHOLDS, Threshold


class Body(BaseModel):
    """A request body, or a query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


ThresholdParameter = Annotated[
    Threshold, BeforeValidator(lambda text: {str(threshold): threshold for threshold in THRESHOLDS}.get(text, text))
]
"""A threshold in a path or a query, where everything is text."""
