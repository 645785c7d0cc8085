"""The blocks of a report: texts, tables and plots, as plain data. The page and the PDF are both made of these, so they read the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.thresholds.pages.masthead import Fact
from shared.attendance.tiers import Tier

Style = Tier | Literal["together", "unjustified", "justified", "best", "good", "poor", "worst", "plain"]
"""The colour and pattern of a part of a plot. `together`: students put together because there are too few of one kind."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its label, its length, and the number as it is written at its end. `value` None: there is nothing to measure."""

    label: str
    value: float | None
    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars one under the other; `legend` says what their styles mean, where their labels don't."""

    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, Style], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One bar of a hundred per cent, in parts; `target` is where a line stands, in per cent."""

    parts: tuple[Bar, ...]
    target: float | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns side by side, one of every series at each place. `stacked`: one upon the other. A value of None leaves a gap.

    `numbered`: the numbers are written on the columns, in this unit.
    """

    places: tuple[str, ...]
    series: tuple["Series", ...]
    axis: str
    along: str = ""
    stacked: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one kind, by place."""

    label: str
    values: tuple[float | None, ...]
    style: Style


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference in percentage points, and the interval around it, where there is one."""

    label: str
    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Differences:
    """Differences around nought, one under the other."""

    rows: tuple[Difference, ...]
    below: str
    above: str


Plot = Bars | Share | Columns | Differences


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; it may take the place of several columns."""

    text: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. The first one names the row."""

    heading: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; a `warning` is one that must be read."""

    text: str
    kind: Literal["text", "warning"] = "text"


@dataclass(frozen=True, slots=True)
class Listing:
    """Points one under the other, each a term and what it means, or just a text."""

    points: tuple[tuple[str, str], ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. A cell that is empty means that there is nothing to say."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot, with its numbers in words or as a table beside it: nothing is only in a picture. `name` tells it from the others."""

    name: str
    caption: str
    alt: str
    plot: Plot
    table: Table
    kind: Literal["figure"] = "figure"


Block = Text | Listing | Table | Figure


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section; `anchor` names it in links."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A whole report, ready to be set on a page. `headline` is its most important sentence, `notices` what to bear in mind with it."""

    title: str
    language: str
    school: str
    facts: tuple[Fact, ...]
    headline: str
    made: str
    notices: tuple[str, ...] = ()
    sections: tuple[ReportSection, ...] = field(default=())

    def figures(self) -> list[Figure]:
        """All plots, in order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Figure)]


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """A row of a table."""
    return tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells)


def columns(*words: str, numbers: Sequence[str] = ()) -> tuple[Column, ...]:
    """Columns of words, the first of which names the row, and after them columns of numbers."""
    return (*(Column(heading, numeric=False) for heading in words), *(Column(heading) for heading in numbers))
