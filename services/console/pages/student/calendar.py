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
    begins_month: bool
    """It is the first of its month that the calendar has, and the month is said with it."""

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
    months: set[int] = set()
    while monday <= term.end:
        cells = []
        for day in (monday + timedelta(days=offset) for offset in range(SCHOOL_WEEK)):
            in_term = term.start <= day <= term.end
            begins_month = in_term and day.month not in months
            if in_term:
                months.add(day.month)
            cells.append(Cell(day, squares.get(day), day == today, day == chosen, in_term, day <= today, begins_month))
        weeks.append(Week(len(weeks) + 1, cells))
        monday += timedelta(days=7)
    return weeks
