"""On which days a school is open. Pure."""

from datetime import date, timedelta
from typing import Final

from shared.attendance.calendar import SchoolCalendar

DAY: Final = timedelta(days=1)

HORIZON: Final = timedelta(days=400)
"""How far ahead a school day is looked for: the calendar of a school says no more than the next year's terms."""


def is_school_day(calendar: SchoolCalendar, day: date) -> bool:
    """Whether the school is open: in a term, no weekend, no holiday, not closed."""
    return calendar.term_on(day) is not None and calendar.open_half_days(day) > 0
