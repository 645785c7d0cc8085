"""The sections about students: tiers, thresholds, categories, year levels and groups. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from services.thresholds.analysis.analysing import SMALL_SCHOOL
from services.thresholds.analysis.categories import CATEGORIES, TARGET, UNMARKED
from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.findings import Analysis, Band, Cohort
from services.thresholds.analysis.weeks import Crossings, Week
from services.thresholds.attendance.view import Category
from services.thresholds.pages.masthead import in_words
from services.thresholds.reports.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Columns,
    Figure,
    Series,
    Share,
    Style,
    Table,
    Text,
    columns,
    row,
)
from shared.attendance.tiers import MEANING, THRESHOLDS, TIERS, Threshold, Tier

NOT_SHOWN: Final = "not shown"

DAYS_AWAY: Final[dict[Tier, str]] = {
    "green": "fewer than 5 days",
    "yellow": "5 to 9.5 days",
    "orange": "10 to 14.5 days",
    "red": "15 days or more",
}
SHARES: Final[dict[str, str]] = {
    "regular": "more than 90%",
    "irregular": "more than 80%, up to 90%",
    "moderate": "more than 70%, up to 80%",
    "chronic": "70% or less",
    UNMARKED: "no half day marked yet",
}
STYLES: Final[dict[Category, Style]] = {"regular": "best", "irregular": "good", "moderate": "poor", "chronic": "worst"}
REACHED: Final[dict[Threshold, Style]] = {5: "yellow", 10: "orange", 15: "red"}


def percent(share: float | None) -> str:
    """A share as per cent with one decimal; empty where there is none."""
    return "" if share is None else f"{share * 100:.1f}%"


def day_and_month(week: Week) -> str:
    """The days of a week."""
    first, last = week.starts_on, week.ends_on
    begins = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
    return f"{begins} to {last.day} {last:%b}".replace(" ", "\u00a0")


def tiers(analysis: Analysis) -> Iterator[Block]:
    """The students on each tier now, and by the end of each week."""
    bands, everybody = analysis.tiers or (), analysis.students or 0
    if len(bands) == 1:
        yield Text(f"How many of the {everybody:,} students are on which tier is not shown: it would tell about fewer than {FEWEST}.")
    else:
        yield Text("By the days away in the term so far, for whatever reason. The tiers are the same at every school.")
        bars = tuple(
            Bar(_named(band), band.students, f"{band.students:,} ({_share(band.students, everybody)})", _style(band)) for band in bands
        )
        numbers = [
            row(
                _named(band),
                _either([DAYS_AWAY[tier] for tier in TIERS if tier in band.names]),
                f"{band.students:,}",
                _share(band.students, everybody),
            )
            for band in bands
        ]
        yield Figure(
            "tiers-now",
            "Students on each tier now",
            f"Bars of students on each tier: {_counts_in_words(bands)}.",
            Bars(bars),
            Table("Students on each tier now", columns("Tier", "Days away", numbers=("Students", "Share")), tuple(numbers)),
        )
        yield Text("In the words of STAR: " + "; ".join(f"{tier} is “{MEANING[tier].lower()}”" for tier in TIERS) + ".")
    yield from _tiers_by_week(analysis)


def _tiers_by_week(analysis: Analysis) -> Iterator[Block]:
    weeks = [(week, week.tiers) for week in analysis.weeks if week.tiers is not None]
    if not weeks:
        yield Text(f"Numbers of students by week are shown of a whole school only, from {SMALL_SCHOOL} students on.")
        return
    series = tuple(
        Series(f"{tier.capitalize()}: {DAYS_AWAY[tier]}", tuple(counts[tier] for _, counts in weeks), tier) for tier in reversed(TIERS)
    )
    last = weeks[-1][1]
    numbers = [row(str(week.week), day_and_month(week), *(f"{counts[tier]:,}" for tier in TIERS)) for week, counts in weeks]
    yield Figure(
        "tiers-by-week",
        "Students on each tier at the end of each week",
        "Columns of students by week, from red at the foot to green at the top. In the last week: "
        + ", ".join(f"{last[tier]:,} on {tier}" for tier in TIERS)
        + ".",
        Columns(tuple(str(week.week) for week, _ in weeks), series, "Students", "Week of the term", stacked=True),
        Table(
            "Students on each tier at the end of each week",
            columns("Week", "Days", numbers=[tier.capitalize() for tier in TIERS]),
            tuple(numbers),
        ),
    )


def crossings(analysis: Analysis) -> Iterator[Block]:
    """The STAR records opened, by week, and in all."""
    weeks = [(week, week.crossings) for week in analysis.weeks if week.crossings is not None]
    if analysis.crossings is None or not weeks:
        yield Text(f"Thresholds reached are shown of a whole school only, from {SMALL_SCHOOL} students on.")
        return
    total = sum(crossing.up for crossing in analysis.crossings)
    if not total:
        yield Text("No student has reached 5 days away in this term.")
        return
    first, *others = [f"of {crossing.threshold} days" for crossing in analysis.crossings]
    counts = [_times(crossing.up) for crossing in analysis.crossings]
    reached = in_words(
        [
            f"the threshold {first} was reached {counts[0]}",
            *(f"that {which} {count}" for which, count in zip(others, counts[1:], strict=True)),
        ]
    )
    yield Text(f"So far {reached}. A student who reached 10 days is among those who reached 5, too.")
    withdrawn = sum(crossing.down for crossing in analysis.crossings)
    if withdrawn:
        yield Text(f"Corrected marks took {withdrawn:,} of these back: “Taken back” in the table, by the week of the correction.")
    series = tuple(
        Series(f"{threshold} days", tuple(_of(of_week, threshold).up for _, of_week in weeks), REACHED[threshold])
        for threshold in THRESHOLDS
    )
    numbers = [_crossed(str(week.week), of_week) for week, of_week in weeks]
    yield Figure(
        "crossings-by-week",
        "How often a threshold was reached, by week",
        f"Columns by week, one for each threshold. In all {reached}.",
        Columns(tuple(str(week.week) for week, _ in weeks), series, "Times reached", "Week of the term"),
        Table(
            "How often a threshold was reached, by week",
            columns("Week", numbers=(*(f"{threshold} days" for threshold in THRESHOLDS), "Taken back")),
            (*numbers, _crossed("All", analysis.crossings)),
        ),
    )


def categories(analysis: Analysis) -> Iterator[Block]:
    """The attendance categories, and the target."""
    bands = [band for band in analysis.categories or () if band.names != (UNMARKED,)]
    unmarked = next((band.students for band in analysis.categories or () if band.names == (UNMARKED,)), 0)
    everybody = sum(band.students for band in bands)
    target = analysis.target
    aim = f"The target is {TARGET}% of students regular by 2030."
    if target is None:
        yield Text(f"{aim} The distance to it is not shown here: it would tell about fewer than {FEWEST}.")
    elif target.students:
        yield Text(f"{aim} For that, {target.students:,} more of these {everybody:,} would have to be.")
    else:
        yield Text(f"{aim} It is reached.")
    if unmarked:
        yield Text(f"Without a half day marked so far, and therefore without a category: {_students(unmarked)}.")
    if not everybody or len(bands) == 1:
        if len(bands) == 1:
            yield Text("How many students are in which category is not shown.")
        return
    parts = tuple(
        Bar(_named(band), band.students * 100 / everybody, _share(band.students, everybody), _category_style(band)) for band in bands
    )
    numbers = tuple(
        row(_named(band), _either([SHARES[name] for name in band.names]), f"{band.students:,}", _share(band.students, everybody))
        for band in bands
    )
    yield Figure(
        "categories",
        f"Students by attendance category, and the target of {TARGET}% regular",
        f"One bar of all students in parts: {_counts_in_words(bands, everybody)}."
        + ("" if target is None else f" A line marks the target of {TARGET}% regular."),
        Share(parts, None if target is None else float(TARGET)),
        Table("Students by attendance category", columns("Category", "Half days attended", numbers=("Students", "Share")), numbers),
    )


def parts(analysis: Analysis) -> Iterator[Block]:
    """Year levels and groups."""
    years = [part for part in analysis.year_levels if part.students is not None]
    groups = [part for part in analysis.groups if part.students is not None]
    if years:
        yield Text("Students where there are too few on a tier are counted together with those of the tier beside it.")
        yield _table("Year levels", "Year level", [(_year(part), part) for part in years])
    else:
        yield Text("Year levels are not shown.")
    if groups:
        yield _table("Groups", "Group", [(str(part.name), part) for part in sorted(groups, key=_natural)])
    hidden = sum(len(part.merged) for part in analysis.groups if part.students is None)
    if hidden:
        which = "1 group is" if hidden == 1 else f"{hidden} groups are"
        yield Text(f"{which} not shown, being too small or giving a small number away.")
    elif not groups:
        yield Text("There are no groups.")


def _table(caption: str, first: str, named: Sequence[tuple[str, Cohort]]) -> Table:
    headings = columns(first, numbers=("Students", "Absence", *(tier.capitalize() for tier in TIERS), "Regular"))
    return Table(caption, headings, tuple(_part(name, part) for name, part in named))


def _part(name: str, part: Cohort) -> tuple[Cell, ...]:
    bands = [Cell(_count(band), len(band.names)) for band in part.tiers or ()] or [Cell(NOT_SHOWN, len(TIERS))]
    regular = NOT_SHOWN if part.regular_share is None else f"{part.regular_share * 100:.0f}%"
    return row(name, f"{part.students:,}", percent(part.absence_rate), *bands, regular)


def _natural(part: Cohort) -> tuple[list[str], str]:
    """As people sort: 9A before 10A."""
    name = str(part.name)
    return [f"{int(piece):09}" if piece.isdecimal() else piece.casefold() for piece in re.split(r"(\d+)", name)], name


def _count(band: Band) -> str:
    return f"{band.students:,}" if len(band.names) == 1 else f"{band.students:,} on {in_words(band.names, 'or')}"


def _year(part: Cohort) -> str:
    names = [str(name) for name in part.merged if name is not None] if part.merged else [] if part.name is None else [str(part.name)]
    unknown = None in part.merged if part.merged else part.name is None
    years = f"{'Year' if len(names) == 1 else 'Years'}\u00a0{in_words(names)}" if names else ""
    return " and ".join(text for text in (years, ("not known" if years else "Not known") if unknown else "") if text)


def _named(band: Band) -> str:
    return in_words(band.names, "or").capitalize()


def _either(texts: Sequence[str]) -> str:
    return " or ".join(texts)


def _style(band: Band) -> Style:
    return next((tier for tier in TIERS if (tier,) == band.names), "together")


def _category_style(band: Band) -> Style:
    return next((STYLES[name] for name in CATEGORIES if (name,) == band.names), "together")


def _counts_in_words(bands: Sequence[Band], everybody: int | None = None) -> str:
    return ", ".join(
        f"{in_words(band.names, 'or')} {band.students:,}" + ("" if everybody is None else f" ({_share(band.students, everybody)})")
        for band in bands
    )


def _share(students: int, everybody: int) -> str:
    return percent(students / everybody) if everybody else ""


def _students(count: int) -> str:
    return "1 student" if count == 1 else f"{count:,} students"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _of(crossings: Sequence[Crossings], threshold: Threshold) -> Crossings:
    return next(crossing for crossing in crossings if crossing.threshold == threshold)


def _crossed(name: str, crossings: Sequence[Crossings]) -> tuple[Cell, ...]:
    return row(
        name, *(f"{_of(crossings, threshold).up:,}" for threshold in THRESHOLDS), f"{sum(crossing.down for crossing in crossings):,}"
    )
