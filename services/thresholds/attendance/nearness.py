"""How near a student is to the next threshold, as arithmetic: what is left, and the day at the term's pace so far. Pure; no guess."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.thresholds.attendance.view import Attendance
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import Threshold, near_threshold

NUMBERS: Final = ("no", "one", "two")
NEAR: Final = 2
"""Half days left, within which a student is near."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """The half days that are left to the next threshold. `on_pace`: the day on which it is reached if absences go on as in the term so
    far; None where that is not within the term."""

    threshold: Threshold
    left_half_days: int
    term_ends: date
    on_pace: date | None

    @property
    def sentence(self) -> str:
        """`Two more half days before Fri 18 Dec make 5 days; at this term's pace on Fri 20 Nov.`"""
        more = f"{NUMBERS[self.left_half_days].capitalize()} more half day{'s' if self.left_half_days > 1 else ''}"
        make = "make" if self.left_half_days > 1 else "makes"
        pace = f"; at this term's pace on {_in_words(self.on_pace)}" if self.on_pace else "; at this term's pace not before it ends"
        return f"{more} before the term ends on {_in_words(self.term_ends)} {make} {self.threshold} days{pace}."


def nearness(view: Attendance, term: Term, calendar: SchoolCalendar, today: date) -> Nearness | None:
    """None for a student who is not within a day of a threshold, and for a term that is over.

    The pace is the share of half days absent, of those marked as absent or attended; the days ahead are those the school is open.
    """
    threshold = near_threshold(view.absent, NEAR)
    if threshold is None or today > term.end:
        return None
    left = threshold * 2 - view.absent
    return Nearness(threshold, left, term.end, _on_pace(view, left, term, calendar, today))


def _on_pace(view: Attendance, left: int, term: Term, calendar: SchoolCalendar, today: date) -> date | None:
    # In whole numbers: so many open half days pass until the next absences have come at the rate of absent to marked.
    marked = view.absent + view.attended
    passed = 0
    for day in calendar.school_days(term):
        if day <= today:
            continue
        passed += calendar.open_half_days(day)
        if passed * view.absent >= left * marked:
            return day
    return None


def _in_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
