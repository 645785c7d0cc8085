"""Lists of days as people write them, from one day until another, and back. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.console.frame import words

FRIDAY: Final = 4
LONGEST: Final = 400
"""Days from the first to the last of a row: a year."""


@dataclass(frozen=True, slots=True)
class Span:
    """School days from one until another, both included. A weekend between them is part of it."""

    first: date
    last: date

    @property
    def title(self) -> str:
        """In words: "Fri 20 Nov", "Fri 20 Nov to Tue 24 Nov"."""
        first = words.day(self.first)
        return first if self.first == self.last else f"{first} to {words.day(self.last)}"

    def days(self) -> list[date]:
        """Its days. A weekend belongs to a span of one day only, where somebody means it."""
        if self.first == self.last:
            return [self.first]
        days = (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))
        return [day for day in days if day.weekday() <= FRIDAY]


def spans(days: Iterable[date]) -> list[Span]:
    """The days as spans: Friday and the Monday after it belong together."""
    found: list[Span] = []
    for day in sorted(days):
        if found and day - found[-1].last <= timedelta(days=3 if found[-1].last.weekday() == FRIDAY and day.weekday() == 0 else 1):
            found[-1] = Span(found[-1].first, day)
        else:
            found.append(Span(day, day))
    return found


def all_days(of: Sequence[Span]) -> list[date]:
    """The days of all spans, each once."""
    return sorted({day for span in of for day in span.days()})


def titles(days: Iterable[date]) -> str:
    """Days in words: "Fri 20 Nov; Mon 23 Nov to Tue 24 Nov"."""
    return "; ".join(span.title for span in spans(days))
