"""A student's term as a calendar of weeks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from services.console.frame.chrome import TermDates
from services.console.frame.squares import Square, square

SCHOOL_WEEK: Final = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A weekday of the calendar; without a square it is closed, to come, or outside of the term."""

    day: date
    square: Square | None
    is_today: bool
    is_chosen: bool
    in_term: bool
    is_over: bool

    @property
    def words(self) -> str:
        """The day in words."""
        if self.square is not None:
            return self.square.words
        return "closed" if self.is_over else "to come"


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the term: its number, and its weekdays."""

    number: int
    cells: list[Cell]


def weeks_of(days: list[Mapping[str, Any]], term: TermDates, today: date, chosen: date | None) -> list[Week]:
    """Every week of the term. Days of the weekend are shown in no calendar; their marks are in the list of days."""
    squares = {shown.day: shown for shown in map(square, days)}
    monday = term.start - timedelta(days=term.start.weekday())
    weeks: list[Week] = []
    while monday <= term.end:
        cells = [_cell(monday + timedelta(days=offset), squares, term, today, chosen) for offset in range(SCHOOL_WEEK)]
        weeks.append(Week(len(weeks) + 1, cells))
        monday += timedelta(days=7)
    return weeks


def _cell(day: date, squares: Mapping[date, Square], term: TermDates, today: date, chosen: date | None) -> Cell:
    return Cell(day, squares.get(day), day == today, day == chosen, term.start <= day <= term.end, day <= today)
