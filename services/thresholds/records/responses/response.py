"""A response on a STAR record: what the school did, as it was recorded. Pure data."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

IN_HISTORY: Final = ("activity", "label", "standard", "occurred_on", "staff", "note")
"""The fields of a response whose changes the record's history keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedResponse:
    """A response. `activity` is the school's own key and `label` what it was called then; `standard` is the code that it stands for."""

    id: UUID
    record_id: UUID
    activity: str
    label: str
    standard: str
    occurred_on: date
    staff: str
    note: str | None
    recorded_by: str
    recorded_at: datetime
    amended_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None
