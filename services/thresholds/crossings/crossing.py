"""The crossings and retractions of a change of a student's total, and their events."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.thresholds.register.folding import Absences
from shared.attendance.tiers import THRESHOLDS, TIERS, Threshold, level_of
from shared.events.catalogue import THRESHOLD_CROSSED, THRESHOLD_RETRACTED, EventType
from shared.events.data import AbsentDay, ThresholdCrossed, ThresholdRetracted
from shared.identifiers import crossing_event_id, star_record_id

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Change:
    """A student's total before and after a batch, when its level changed.

    `corrected_on` is the school's date of the newest mark in it, which dates a retraction. `standing` is the version of the student's
    standing after it.
    """

    school: str
    student: str
    student_id: uuid.UUID
    term: str
    level_before: int
    absences: Absences
    illness_half_days: int
    corrected_on: date
    standing: int

    @property
    def level_after(self) -> int:
        """How many thresholds the total has reached now."""
        return level_of(self.absences.half_days)

    def thresholds(self) -> list[tuple[Threshold, Direction]]:
        """The thresholds passed, in the order they are passed."""
        if self.level_after > self.level_before:
            return [(threshold, "up") for threshold in THRESHOLDS[self.level_before : self.level_after]]
        return [(threshold, "down") for threshold in reversed(THRESHOLDS[self.level_after : self.level_before])]


@dataclass(frozen=True, slots=True)
class CrossingFact:
    """One crossing or retraction, with the number that makes it unique."""

    change: Change
    threshold: Threshold
    direction: Direction
    sequence: int

    @property
    def record_id(self) -> uuid.UUID:
        """The STAR record that it opens or withdraws."""
        return star_record_id(self.change.student_id, self.change.term, self.threshold)

    @property
    def occurred_on(self) -> date:
        """Up: the school day on which the total reached the threshold. Down: the day of the correction."""
        if self.direction == "up":
            return self.change.absences.reached_on(self.threshold * 2)
        return self.change.corrected_on

    @property
    def event_id(self) -> str:
        """Derived, so that no replay can say it under another name."""
        change = self.change
        return str(crossing_event_id(change.student_id, change.term, self.threshold, self.sequence, self.direction))

    @property
    def event_type(self) -> EventType:
        """Crossed or retracted."""
        return THRESHOLD_CROSSED if self.direction == "up" else THRESHOLD_RETRACTED

    def data(self) -> ThresholdCrossed | ThresholdRetracted:
        """The event's data."""
        change = self.change
        kind = ThresholdCrossed if self.direction == "up" else ThresholdRetracted
        return kind(
            school=change.school,
            student=change.student,
            student_id=change.student_id,
            term=change.term,
            threshold=self.threshold,
            direction=self.direction,
            from_tier=TIERS[change.level_before],
            to_tier=TIERS[change.level_after],
            absent_half_days=change.absences.half_days,
            absent_days=change.absences.half_days / 2,
            occurred_on=self.occurred_on,
            sequence=self.sequence,
            record_id=self.record_id,
            absent_on=[AbsentDay(day, half_days) for day, half_days in change.absences.days],
            illness_half_days=change.illness_half_days,
            standing=change.standing,
        )


def next_sequence(direction: Direction, sequence: int) -> int:
    """The number of a crossing, after `sequence` crossings of this threshold; a retraction takes the last one back."""
    return sequence + 1 if direction == "up" else max(sequence, 1)
