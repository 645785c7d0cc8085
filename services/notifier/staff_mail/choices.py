"""A school's choices for e-mails to its staff, and the time of the next digest. Pure: the clock is passed in.

The choices are a part of the school's letter policy, and are kept in its document.
"""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.notifier.contacts.school_days import DAY, HORIZON, is_school_day
from shared.attendance.calendar import SchoolCalendar
from shared.clock import instant


class DigestChoice(Struct, frozen=True, omit_defaults=True):
    """A digest of what moved since the last one, to a member of staff, on the morning of each school day at `at` on the school's clock.
    With `when_empty` also if nothing did."""

    to: str
    at: time
    when_empty: bool = False


class StaffChoices(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address that gets a copy of each letter that went out, and the digest; None for neither."""

    staff_copy: str | None = None
    digest: DigestChoice | None = None


def next_digest(digest: DigestChoice, calendar: SchoolCalendar, now: datetime, last_on: date | None) -> tuple[date, datetime] | None:
    """The school day of the next digest, and its moment in UTC, which may be past: then that digest is due now.

    Never on a day that had one; after days without a working service, today's covers them all. None when the calendar knows no further
    school day.
    """
    zone = ZoneInfo(calendar.timezone)
    day = now.astimezone(zone).date()
    if last_on is not None:
        day = max(day, last_on + DAY)
    for ahead in range(HORIZON.days + 1):
        if is_school_day(calendar, day + ahead * DAY):
            return day + ahead * DAY, instant(day + ahead * DAY, digest.at, zone)
    return None
