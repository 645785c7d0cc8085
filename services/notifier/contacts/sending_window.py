"""The days and hours in which letters may go, on a school's own clock. Pure: the clock is passed in."""

import re
from datetime import date, datetime, time
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.notifier.contacts.school_days import DAY, HORIZON, is_school_day
from shared.attendance.calendar import SchoolCalendar
from shared.clock import instant

LAST_MINUTE: Final = time(23, 59)
"""As `until` it means the end of the day: the API has no 24:00."""

_WRITTEN: Final = re.compile(r"(any|school-days)(?: ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9]))?")


class Window(Struct, frozen=True, omit_defaults=True):
    """The days and hours in which letters may go; `until` is no longer inside. Both hours None: all day."""

    school_days_only: bool = False
    opens: time | None = None
    until: time | None = None

    @property
    def days(self) -> Literal["any", "school-days"]:
        """The days, as the API names them."""
        return "school-days" if self.school_days_only else "any"


def parse_window(text: str) -> Window:
    """`any`, `school-days`, or either with hours: `school-days 08:00-18:00`. Raises ValueError for anything else."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError("a window is any or school-days, with hours as in school-days 08:00-18:00")
    days, *hours = written.groups()
    if hours[0] is None:
        return Window(days == "school-days")
    opens, until = time(int(hours[0]), int(hours[1])), time(int(hours[2]), int(hours[3]))
    if opens >= until:
        raise ValueError("a window opens before it closes, on the same day")
    return Window(days == "school-days", opens, until)


def next_opening(window: Window | None, calendar: SchoolCalendar, now: datetime) -> datetime | None:
    """The first moment from `now` on at which letters may go, in UTC: `now` itself inside the window, and without one.

    None when the school's calendar knows of no day on which it opens.
    """
    if window is None or _is_open(window, calendar, now):
        return now
    zone = ZoneInfo(calendar.timezone)
    day = now.astimezone(zone).date()
    for ahead in range(HORIZON.days + 1):
        # Where the clocks jump over the hour, or it is past for today, the next day's counts.
        opening = instant(day + ahead * DAY, window.opens or time(0), zone)
        if opening > now and _is_open(window, calendar, opening):
            return opening
    return None


def last_closing(window: Window | None, calendar: SchoolCalendar, last: date, now: datetime) -> datetime | None:
    """The moment at which the window closes for the last time up to and with a day, in UTC; None when it does not open any more."""
    window = window or Window()
    zone = ZoneInfo(calendar.timezone)
    day, today = last, now.astimezone(zone).date()
    while day >= today:
        if not window.school_days_only or is_school_day(calendar, day):
            all_day = window.until is None or window.until == LAST_MINUTE
            closes = instant(day + DAY, time(0), zone) if all_day or window.until is None else instant(day, window.until, zone)
            return closes if closes > now else None
        day -= DAY
    return None


def _is_open(window: Window, calendar: SchoolCalendar, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(calendar.timezone))
    if window.school_days_only and not is_school_day(calendar, local.date()):
        return False
    if window.opens is None or window.until is None:
        return True
    return window.opens <= local.time() and (local.time() < window.until or window.until == LAST_MINUTE)
