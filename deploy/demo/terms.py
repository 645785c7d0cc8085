"""The made-up school's year, laid out so that on any day of any year there is a term that has been running for weeks.

Where New Zealand's usual dates give such a term, these are the dates. In the holidays, and near the ends of a term, the school's whole
year is moved so that a term began seven weeks ago.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from shared.attendance.calendar import SATURDAY, SchoolCalendar, Term
from shared.attendance.holidays import holidays_of
from shared.clock import HOME_ZONE

WEEK: Final = timedelta(weeks=1)
TERM_LENGTH: Final = 10 * WEEK - timedelta(days=3)
"""From a Monday to the Friday ten weeks on."""

EVERY: Final = 12 * WEEK
"""Ten weeks of school and two of holidays; the summer holidays fill the year."""

FIRST_DAY: Final = (1, 29)
"""Term 1 begins on the first Monday from here on: the last days of January or the first of February."""

LEAST_WEEKS, MOST_WEEKS = 5, 9
"""A term with fewer full weeks behind it has little to show, and one with more is over."""

MOVED_TO_WEEKS: Final = 7
TERMS_A_YEAR: Final = 4


def today_at_school(now: datetime) -> date:
    """The date at the school, which may be ahead of the one here."""
    return now.astimezone(ZoneInfo(HOME_ZONE)).date()


def school_year(today: date) -> SchoolCalendar:
    """The terms of last year, this year and next year, with a current term that has been running for five to nine weeks."""
    this_week = _monday(today)
    usual = [start for year in range(today.year - 2, today.year + 3) for start in _usual_starts(year)]
    last_begun = max(start for start in usual if start <= this_week)
    weeks = (this_week - last_begun) // WEEK
    in_term = LEAST_WEEKS <= weeks <= MOST_WEEKS and today <= last_begun + TERM_LENGTH
    shift = timedelta(0) if in_term else this_week - MOVED_TO_WEEKS * WEEK - last_begun
    terms = tuple(
        Term(f"{year}-T{number}", start, start + TERM_LENGTH)
        for year, starts in groupby((start + shift for start in usual), key=lambda start: start.year)
        if abs(year - today.year) <= 1
        for number, start in enumerate(starts, start=1)
        if number <= TERMS_A_YEAR
    )
    return SchoolCalendar(terms, frozenset(_closed_days(terms)), frozenset(_half_days(terms)))


def carried_on(stored: SchoolCalendar, today: date) -> SchoolCalendar:
    """A calendar that was sent before, with more terms once its own are used up. Past terms never change: they hold marks."""
    if today <= stored.terms[-1].end:
        return stored
    fresh = school_year(today)
    names = {term.name for term in stored.terms}
    terms = tuple(term for term in fresh.terms if term.start > stored.terms[-1].end and term.name not in names)
    return replace(
        stored,
        terms=(*stored.terms, *terms),
        closed_days=stored.closed_days | frozenset(_closed_days(terms)),
        half_days=stored.half_days | frozenset(_half_days(terms)),
    )


def _usual_starts(year: int) -> list[date]:
    earliest = date(year, *FIRST_DAY)
    first = _monday(earliest + timedelta(days=6))
    return [first + number * EVERY for number in range(TERMS_A_YEAR)]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _closed_days(terms: tuple[Term, ...]) -> Iterator[date]:
    for term in terms:
        yield term.start + 3 * WEEK + timedelta(days=4)  # the Friday on which only teachers come
        for year in {term.start.year, term.end.year}:
            yield from (day for day in holidays_of(None, year) if day in term and day.weekday() < SATURDAY)


def _half_days(terms: tuple[Term, ...]) -> Iterator[date]:
    for term in terms:
        yield term.start + 4 * WEEK + timedelta(days=2)  # a Wednesday of interviews with whānau, from noon on
