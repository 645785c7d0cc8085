"""The running total as a line, with the steps, the responses and the letters on it. Pure: coordinates for an SVG, and its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.console.frame.chrome import TermDates

WIDTH, HEIGHT = 640, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 10, 24
LEAST_TOP: Final = 16
"""Days at the top of the drawing: all steps are always seen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: its place, its kind (`response`, `letter`), its words."""

    x: float
    y: float
    kind: str
    words: str
    day: date


@dataclass(frozen=True, slots=True)
class Line:
    """The drawing: a path, the steps' heights, the marks, and the months' beginnings."""

    path: str
    steps: list[tuple[int, float]]
    marks: list[Mark]
    table: list[tuple[date, float]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def line_of(days: Sequence[Mapping[str, Any]], term: TermDates, happened: Sequence[tuple[date, str, str]]) -> Line:
    """`happened`: a day, a kind and words each; what lies outside of the term is left out."""
    totals = [(date.fromisoformat(day["date"]), day["running_half_days"] / 2) for day in days]
    most = max(LEAST_TOP, *(total for _, total in totals), 0) if totals else LEAST_TOP
    length = max((term.end - term.start).days, 1)

    def x(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - term.start).days / length, 1)

    def y(total: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * total / most, 1)

    path = f"M{LEFT} {y(0)}"
    for day, total in totals:
        path += f"H{x(day)}V{y(total)}"
    marks = [Mark(x(day), y(_total_on(totals, day)), kind, words, day) for day, kind, words in happened if term.start <= day <= term.end]
    changes = [
        (day, total) for (day, total), before in zip(totals, [0.0, *(total for _, total in totals)], strict=False) if total != before
    ]
    return Line(path, [(step, y(step)) for step in (5, 10, 15)], marks, changes)


def _total_on(totals: Sequence[tuple[date, float]], day: date) -> float:
    return next((total for on, total in reversed(totals) if on <= day), 0.0)
