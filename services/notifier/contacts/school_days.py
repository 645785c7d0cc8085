"""On which days a school is open. Pure."""

from datetime import date, timedelta
from typing import Final

from shared.attendance.calendar import SchoolCalendar, Term

DAY: Final = timedelta(days=1)

HORIZON: Final = timedelta(days=400)
"""How far ahead a school day is looked for: the calendar of a school says no more than the next year's terms."""


def is_school_day(calendar: SchoolCalendar, day: date) -> bool:
    """Whether the school is open: in a term, no weekend, no holiday, not closed."""
    return calendar.term_on(day) is not None and calendar.open_half_days(day) > 0


def last_day_of_letters(term: Term | None, name: str | None, after_term: timedelta) -> date | None:
    """The last day of letters about a term: of one that the calendar does not know, at the end of the year that it is named after.

    `after_term` is how long after a term's last day the school still has letters about it.
    """
    if term is not None:
        return term.end + after_term
    return None if name is None else date(int(name[:4]), 12, 31) + after_term
