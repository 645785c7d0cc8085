"""Time as a value that is passed in, so that rules and tests decide what "now" is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

HOME_ZONE: Final = "Pacific/Auckland"
"""The time zone of a school that names none."""

Clock = Callable[[], datetime]
"""Answers the present moment, always with an offset."""


def utc_now() -> datetime:
    """The system's clock, in UTC."""
    return datetime.now(UTC)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A moment on a zone's clock, in UTC: Python's sums and differences within one zone count hours on the wall, not hours that pass."""
    return datetime.combine(day, at, zone).astimezone(UTC)


YEARS: Final = range(1970, 2200)
"""Times of other years are a mistake in some clock. Near the ends of the calendar, a change of the time zone alone is an error."""
