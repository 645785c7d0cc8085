"""The standing of a student who has reached a threshold: what a letter would say of them now. Pure."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from services.thresholds.register import packed_row
from services.thresholds.register.folding import Absences
from services.thresholds.register.repository.rows import Row
from shared.attendance.tiers import TIERS, level_of
from shared.events.catalogue import STANDING_CHANGED
from shared.events.data import AbsentDay, StandingChanged
from shared.events.envelope import Event
from shared.identifiers import standing_event_id

StandingKey = tuple[uuid.UUID, str]
"""A student's id and a term."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A student's committed total, its days, and how much of it was illness."""

    school: str
    student: str
    student_id: uuid.UUID
    term: str
    absences: Absences
    illness_half_days: int

    @property
    def key(self) -> StandingKey:
        """The student's term."""
        return self.student_id, self.term

    def digest(self) -> bytes:
        """16 bytes that differ when a letter would say something else."""
        said = ",".join(f"{day}:{half_days}" for day, half_days in self.absences.days)
        return blake2b(f"{said};{self.illness_half_days}".encode(), digest_size=16).digest()

    def event(self, version: int, now: datetime) -> Event:
        """Its event. The id is derived from the version, so that no replay can say it under another name."""
        data = StandingChanged(
            school=self.school,
            student=self.student,
            student_id=self.student_id,
            term=self.term,
            tier=TIERS[level_of(self.absences.half_days)],
            absent_half_days=self.absences.half_days,
            absent_days=self.absences.half_days / 2,
            absent_on=[AbsentDay(day, half_days) for day, half_days in self.absences.days],
            illness_half_days=self.illness_half_days,
            version=version,
        )
        event_id = standing_event_id(self.student_id, self.term, version)
        return Event(STANDING_CHANGED, str(event_id), "/thresholds", now, str(self.student_id), data)


def may_differ(before: Row | None, after: Row, absences: Absences) -> bool:
    """Whether the standing can be another than before: a quick look, as most marks say that a student was there.

    With the total as it was, it takes a mark on a day that is absent now; or, where no mark changed, another calendar or the end of a day.
    """
    if before is None or before.absent_half_days != after.absent_half_days or before.marks == after.marks:
        return True
    absent = {packed_row.number_of(day) for day, _ in absences.days}
    return any(packed_row.day_of(entry) in absent for entry in _changed(before.marks, after.marks))


def _changed(before: bytes, after: bytes) -> set[bytes]:
    # Rows have the latest place first: as a rule, the new marks stand before what was there.
    if after.endswith(before):
        return set(packed_row.entries(after[: len(after) - len(before)]))
    return set(packed_row.entries(after)).difference(packed_row.entries(before))
