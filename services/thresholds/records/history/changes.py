"""The steps of a STAR record's history: which fields changed, from what to what. Pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

HistoryAction = Literal[
    "crossed",
    "retracted",
    "opened",
    "closed",
    "reopened",
    "changed",
    "response-recorded",
    "response-changed",
    "response-withdrawn",
    "family-replied",
]
"""`crossed` and `retracted` are the marks' doing, `family-replied` is the family's; everything else is somebody's."""

Json = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step to be written down; `changes` is field to (from, to)."""

    action: HistoryAction
    changes: Mapping[str, tuple[Json, Json]]
    response_id: uuid.UUID | None = None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Json, Json]]:
    """The fields of `after` that differ from `before`. A field that `before` lacks was None."""
    return {name: (_json(before.get(name)), _json(value)) for name, value in after.items() if before.get(name) != value}


def _json(value: Any) -> Json:
    return value.isoformat() if isinstance(value, date) else value
