"""The common base of the services' request models."""

from datetime import time
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from shared.attendance.tiers import THRESHOLDS, Threshold


class Body(BaseModel):
    """A request body, or a query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


ThresholdParameter = Annotated[
    Threshold, BeforeValidator(lambda text: {str(threshold): threshold for threshold in THRESHOLDS}.get(text, text))
]
"""A threshold in a path or a query, where everything is text."""


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and len(value) == len("08:00") and value[2] == ":" and value.replace(":", "").isdecimal() and value.isascii():
        try:
            return time(int(value[:2]), int(value[3:]))
        except ValueError:
            pass
    raise ValueError("a time of day, like 08:00")


TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$", "examples": ["08:00"]}),
]
"""A time on a school's own clock, `HH:MM`: JSON Schema's `time` has seconds and a zone."""
