"""A STAR record: what a school does about one student who reached a threshold in a term. Pure data."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.attendance.tiers import Threshold
from shared.identifiers import SchoolNumber

RecordStatus = Literal["open", "closed", "withdrawn"]
Origin = Literal["crossing", "manual"]
Outcome = Literal["attendance-improved", "barriers-resolved", "referred", "moved-away", "no-change", "other"]
"""The outcomes of a closed record. The list is ours: the Ministry's is not public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it is kept.

    `absent_half_days` is the total when it was opened, `sequence` how many times a crossing has opened it. `due_on` is a due day set by
    hand; None leaves it to the school's rule. `threshold` None, and `reason`: records made by hand only.
    """

    id: UUID
    school: SchoolNumber
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    origin: Origin
    sequence: int
    absent_half_days: int
    crossed_on: date
    status: RecordStatus
    outcome: Outcome | None
    assigned_to: str | None
    due_on: date | None
    reason: str | None
    created_at: datetime
    updated_at: datetime
