"""Holds on a student's letters: they stop letters, never the counting. Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold on the letters of one threshold in a term, or, for None, on all of that term's.

    It holds up to and with the day `until`; without one, to the end of the term.
    """

    id: uuid.UUID
    school: str
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold | None
    reason: str
    until: date | None
    held_by: str
    held_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None

    def holds_on(self, day: date, calendar: SchoolCalendar) -> bool:
        """Whether it stops letters on a day at the school. A term that the calendar does not know has no end."""
        term = calendar.term_named(self.term)
        last = self.until or (term.end if term else None)
        return self.lifted_at is None and (last is None or day <= last)


def hold_on(
    holds: Iterable[Hold], student_id: uuid.UUID, term: str, threshold: Threshold | None, day: date, calendar: SchoolCalendar
) -> Hold | None:
    """The hold that stops letters of a threshold on a day: its own before the student's.

    Without a threshold, only one on all of the student's letters does.
    """
    holding = [
        hold
        for hold in holds
        if (hold.student_id, hold.term) == (student_id, term) and hold.threshold in (None, threshold) and hold.holds_on(day, calendar)
    ]
    return max(holding, key=lambda hold: hold.threshold is not None, default=None)
