"""The line of a school's terms beside the plan's targets, as a drawing and a table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.console.frame import words
from services.console.pages.analysis.charts import HIDDEN
from shared.web.spreadsheet import Cell

COLUMNS: Final = ("term", "attend regularly", "absence", "students", "target", "target of", "points from target", "points in a year")
WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 24, 12, 28
MARKS: Final = (0, 50, 100)


@dataclass(frozen=True, slots=True)
class Point:
    """A term at its place: the share of regular students, or None where it is not shown, and the plan's target; in the drawing's units."""

    name: str
    x: float
    share: float | None
    target: float | None
    words: str


@dataclass(frozen=True, slots=True)
class TrendLine:
    """The drawing: a point a term, and lines between points whose numbers are shown."""

    points: list[Point]
    shares: str
    targets: str
    marks: list[tuple[int, float]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


@dataclass(frozen=True, slots=True)
class TrendRow:
    """A term in words."""

    term: str
    regular: str
    absence: str
    students: str
    target: str
    from_target: str
    in_a_year: str


def line_of(terms: Sequence[Mapping[str, Any]]) -> TrendLine:
    """The drawing of the terms, from the left to the right."""
    apart = (WIDTH - LEFT - RIGHT) / max(len(terms), 1)
    points = [
        Point(
            one["term"],
            round(LEFT + apart * (place + 0.5), 1),
            None if one["regular_share"] is None else _height(one["regular_share"] * 100),
            None if one["target"] is None else _height(one["target"]["regular_percent"]),
            f"{_named(one['term'])}: {_percent(one['regular_share'])} attend regularly",
        )
        for place, one in enumerate(terms)
    ]
    shares = _path([(point.x, point.share) for point in points])
    return TrendLine(points, shares, _path([(point.x, point.target) for point in points]), [(mark, _height(mark)) for mark in MARKS])


def rows_of(terms: Sequence[Mapping[str, Any]]) -> list[TrendRow]:
    """The table of the terms, the newest first."""
    return [
        TrendRow(
            _named(one["term"]),
            _percent(one["regular_share"]),
            _percent(one["absence_rate"]),
            HIDDEN if one["students"] is None else words.count(one["students"], "student"),
            f"{one['target']['regular_percent']:g} % in {one['target']['year']}" if one["target"] else "none",
            _points(one["points_from_target"], "above", "below", "on the target"),
            _points(one["points_in_a_year"], "more", "fewer", "the same"),
        )
        for one in reversed(terms)
    ]


def cells_of(terms: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    """The table's file, the oldest first."""
    return [
        [
            one["term"],
            one["regular_share"],
            one["absence_rate"],
            one["students"],
            one["target"]["regular_percent"] if one["target"] else None,
            one["target"]["year"] if one["target"] else None,
            one["points_from_target"],
            one["points_in_a_year"],
        ]
        for one in terms
    ]


def _height(percent: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / 100, 1)


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    """A line through the points; it is broken where a number is not shown."""
    path, drawing = "", False
    for x, y in points:
        if y is not None:
            path += f"{'L' if drawing else 'M'}{x} {y}"
        drawing = y is not None
    return path


def _named(term: str) -> str:
    year, _, number = term.partition("-T")
    return f"Term {number} of {year}"


def _percent(share: float | None) -> str:
    return HIDDEN if share is None else words.percent(share)


def _points(points: float | None, above: str, below: str, equal: str) -> str:
    if points is None:
        return "–"
    return equal if not points else f"{abs(points):g} points {above if points > 0 else below}"
