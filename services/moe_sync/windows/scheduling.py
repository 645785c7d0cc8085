"""Finds a school's next week to close, and the time at which it is built. Each close makes the next: a chain that an outage only delays."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.moe_sync.roster.school import School
from services.moe_sync.roster.week import Closing, Week, closes_at, first_week, next_in_term, next_to_close
from shared.identifiers import window_id


@dataclass(frozen=True, slots=True)
class Slot:
    """A window to keep: the school's week, and when it is built."""

    id: uuid.UUID
    school: str
    week: Week
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Knows when windows close, unless the school says otherwise, and how long after that they are built."""

    closing: Closing
    lag: timedelta

    def closes_at(self, school: School, week: Week) -> datetime:
        """The close of a school's week, in UTC."""
        return closes_at(week, school.zone, school.closing or self.closing)

    def slot(self, school: School, week: Week) -> Slot:
        """A school's window."""
        return Slot(window_id(school.school, str(week)), school.school, week, self.closes_at(school, week) + self.lag)

    def next_slot(self, school: School, now: datetime, newest: Week | None = None) -> Slot | None:
        """The running week, or the next one in a term; None when no such term is known.

        `newest` is the school's newest window. Weeks after it that no window was made for, because the term's dates came late, come first,
        from the beginning of the term that began last.
        """
        week = next_to_close(now, school.zone, school.closing or self.closing)
        if newest is not None and newest.following() < week:
            begun = [first_week(term) for term in school.terms if first_week(term) <= week]
            week = min(week, max([newest.following(), *begun[-1:]]))
        return self.slot_from(school, week)

    def slot_from(self, school: School, week: Week) -> Slot | None:
        """The first week from this one on that lies in a term."""
        week_in_term = next_in_term(week, school.terms)
        return None if week_in_term is None else self.slot(school, week_in_term)
