"""A dashboard as data: rows of panels, each with its queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "s", "percentunit", "ops", "reqps", "bytes", "dateTimeFromNow", "none"]


@dataclass(frozen=True, slots=True)
class Query:
    """A query in PromQL, and the name of each line that it draws."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph, or a number where it is `now`. `alarm`: the number from which it is red."""

    title: str
    meaning: str
    queries: Sequence[Query]
    unit: Unit = "short"
    now: bool = False
    alarm: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard; `name` is its file's and its address's. `services`: it has a choice of service, `$service` in queries."""

    name: str
    title: str
    rows: Sequence[Row]
    services: bool = False
