"""The things that families look for on a plan's page besides the plan: whom to ring, how to tell of an absence, and the next dates. Pure.

None of it is in the PDF: it changes without a new version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.thresholds.pages.masthead import day_in_words
from services.thresholds.plans.plan import Contact
from shared.attendance.calendar import SATURDAY, SchoolCalendar, Term
from shared.events.data import SchoolUpdated

AHEAD: Final = timedelta(days=120)
"""How far ahead closed days are told of: beyond a term, and the holidays after it."""

MOST_DATES: Final = 8

_DIALLED: Final = re.compile(r"\+?[0-9][0-9 ()./-]*")


@dataclass(frozen=True, slots=True)
class NextDate:
    """A day, or the first and last of several, and what it is."""

    when: str
    what: str


@dataclass(frozen=True, slots=True)
class ForFamilies:
    """The number to ring, the address to write to, and the dates to come."""

    phone: str | None
    email: str | None
    dates: tuple[NextDate, ...]

    @property
    def dialled(self) -> str | None:
        """The number as a telephone dials it: without blanks, and without an extension or what else is written behind it."""
        number = _DIALLED.match(self.phone.strip()) if self.phone else None
        return None if number is None else "".join(character for character in number[0] if character in "+0123456789")


def for_families(school: SchoolUpdated, contact: Contact | None, calendar: SchoolCalendar, today: date) -> ForFamilies:
    """The school's own number and address, or else those of the plan's contact."""
    phone = school.phone or (contact.phone if contact else None)
    email = school.contact_email or (contact.email if contact else None)
    return ForFamilies(phone, email, tuple(_dates(calendar, today))[:MOST_DATES])


def _dates(calendar: SchoolCalendar, today: date) -> Iterator[NextDate]:
    """The running or next term, its closed days to come, the holidays after it, and the start of the term after them."""
    at = next((place for place, term in enumerate(calendar.terms) if term.end >= today), None)
    if at is None:
        return
    term = calendar.terms[at]
    runs = term.start <= today
    yield NextDate(_span(term.start, term.end), f"{_named(term)}{', which runs now' if runs else ''}")
    yield from _closed(calendar, term, max(today, term.start), min(term.end, today + AHEAD))
    if at + 1 < len(calendar.terms):
        following = calendar.terms[at + 1]
        first, last = term.end + timedelta(days=1), following.start - timedelta(days=1)
        yield NextDate(_span(first, last), "Holidays")
        yield NextDate(_span(following.start, following.start), f"First day of {_named(following)}")


def _closed(calendar: SchoolCalendar, term: Term, first: date, last: date) -> Iterator[NextDate]:
    """Weekdays of the term on which the school is closed, those in a row as one, and days of which half is open."""
    day = first
    while day <= last:
        if day.weekday() < SATURDAY and not calendar.open_half_days(day):
            name = calendar.holiday_names.get(day)
            until = day
            while until < last and _is_like(calendar, until + timedelta(days=1), name):
                until += timedelta(days=1)
            yield NextDate(_span(day, until), f"{name}: the school is closed" if name else "The school is closed")
            day = until
        elif calendar.open_half_days(day) == 1:
            yield NextDate(_span(day, day), "The school is open for half the day")
        day += timedelta(days=1)


def _is_like(calendar: SchoolCalendar, day: date, name: str | None) -> bool:
    return day.weekday() < SATURDAY and not calendar.open_half_days(day) and calendar.holiday_names.get(day) == name


def _span(first: date, last: date) -> str:
    return f"{first:%A} {day_in_words(first)}" if first == last else f"{day_in_words(first)} to {day_in_words(last)}"


def _named(term: Term) -> str:
    return f"Term {term.name.partition('-T')[2]}"
