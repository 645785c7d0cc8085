"""The weekly windows: which week a moment belongs to, when it closes at a school, and which weeks lie in a term. Pure.

A window is a school week by its ISO name, Monday 00:00 to the close (Friday 18:00 unless set otherwise), on the school's own clock.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from shared.attendance.calendar import SATURDAY, Term
from shared.clock import instant

_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})")
_CLOSING: Final = re.compile(r"([a-z]+) ([0-9]{2}):([0-9]{2})")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""Far beyond any school's terms, and far from where dates end."""


@dataclass(frozen=True, order=True, slots=True)
class Week:
    """An ISO week: the year it belongs to, which at the turn of the year can differ from a day's own, and its number."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `2026-W43`. Raises ValueError for anything else, and for the 53rd week of a year that has 52."""
        match = _WEEK.fullmatch(text)
        if match is None:
            raise ValueError("a week is named like 2026-W43")
        week = cls(int(match[1]), int(match[2]))
        if not EARLIEST_YEAR <= week.year <= LATEST_YEAR:
            raise ValueError(f"a week lies between {EARLIEST_YEAR} and {LATEST_YEAR}")
        try:
            week.day(0)
        except ValueError as error:
            raise ValueError("the year has no such week") from error
        return week

    @classmethod
    def of(cls, day: date) -> Self:
        """The week that a day lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"

    def day(self, weekday: int) -> date:
        """A day of the week; Monday is 0."""
        return date.fromisocalendar(self.year, self.number, weekday + 1)

    def following(self) -> Self:
        """The week after this one."""
        return self.of(self.day(0) + timedelta(days=7))


@dataclass(frozen=True, slots=True)
class Closing:
    """The moment of the week at which a window closes, on the school's clock; Monday is 0."""

    weekday: int
    at: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `friday 18:00`. Raises ValueError for anything else."""
        match = _CLOSING.fullmatch(text.strip().lower())
        if match is None or match[1] not in _WEEKDAYS:
            raise ValueError("a window closes on a weekday and a time, like: friday 18:00")
        return cls(_WEEKDAYS.index(match[1]), time(int(match[2]), int(match[3])))


def opens_at(week: Week, zone: ZoneInfo) -> datetime:
    """The start of the week at the school, in UTC."""
    return instant(week.day(0), time(0), zone)


def closes_at(week: Week, zone: ZoneInfo, closing: Closing) -> datetime:
    """The close of the week's window at the school, in UTC."""
    return instant(week.day(closing.weekday), closing.at, zone)


def next_to_close(moment: datetime, zone: ZoneInfo, closing: Closing) -> Week:
    """The week whose window is the next to close after a moment: its own week, or the one after once that is closed."""
    week = Week.of(moment.astimezone(zone).date())
    return week if moment < closes_at(week, zone, closing) else week.following()


def term_of(week: Week, terms: Sequence[Term]) -> Term | None:
    """The term that a week lies in; of two that share the week, the one that begins in it. None in the holidays."""
    return next((term for term in reversed(terms) if first_week(term) <= week <= Week.of(term.end)), None)


def next_in_term(week: Week, terms: Sequence[Term]) -> Week | None:
    """The first week from this one on that lies in a term; None when no such term is known. `terms` are in order."""
    for term in terms:
        candidate = max(week, first_week(term))
        if candidate <= Week.of(term.end):
            return candidate
    return None


def first_week(term: Term) -> Week:
    """The week that a term begins in."""
    week = Week.of(term.start)
    # Nothing happens at a school on the weekend before the first Monday.
    return week.following() if term.start.weekday() >= SATURDAY else week
