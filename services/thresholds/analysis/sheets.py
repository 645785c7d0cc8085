"""The analysis as sheets for a spreadsheet: one for each part, or all of them as one long sheet. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from services.thresholds.analysis.findings import Analysis, Band, Cohort
from shared.attendance.tiers import THRESHOLDS, TIERS
from shared.web.spreadsheet import Cell

SheetName = Literal["summary", "weeks", "weekdays", "codes", "year-levels", "groups", "patterns", "effects"]
SHEET_NAMES: Final[tuple[SheetName, ...]] = get_args(SheetName)

NOT_SHOWN: Final = "not shown"
"""In the place of a number that is about few students, or would give such a number away."""

LONG: Final = ("part", "row", "measure", "value")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and rows; the first column names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheets(analysis: Analysis) -> Mapping[SheetName, Sheet]:
    """All parts."""
    return {
        "summary": Sheet(("measure", "value"), tuple(_summary(analysis))),
        "weeks": _weeks(analysis),
        "weekdays": Sheet(
            ("weekday", "absent half days", "half days marked", "absence %"),
            tuple((day.weekday, day.absent_half_days, day.counted_half_days, percent(day.absence_rate)) for day in analysis.weekdays),
        ),
        "codes": _codes(analysis),
        "year-levels": _parts("year level", analysis.year_levels),
        "groups": _parts("group", analysis.groups),
        "patterns": Sheet(
            ("pattern", "students", "rule"), tuple((count.pattern, _few(count.students), count.rule) for count in analysis.patterns)
        ),
        "effects": _effects(analysis),
    }


def long_sheet(by_name: Mapping[SheetName, Sheet]) -> Sheet:
    """One line for every number: what a pivot table wants."""
    rows: list[tuple[Cell, ...]] = []
    for part, sheet in by_name.items():
        for row in sheet.rows:
            if part == "summary":
                rows.append((part, "", *row))
            else:
                rows += [(part, row[0], measure, value) for measure, value in zip(sheet.header[1:], row[1:], strict=True) if value != ""]
    return Sheet(LONG, tuple(rows))


def percent(share: float | None) -> Cell:
    """A share, or a difference of shares, as per cent with one decimal; empty where there is none."""
    return "" if share is None else round(share * 100, 1)


def _summary(analysis: Analysis) -> Iterable[tuple[Cell, ...]]:
    yield "students", _few(analysis.students)
    yield "school days so far", analysis.school_days
    if analysis.students is None:
        return
    yield "absent half days", analysis.absent_half_days
    yield "attended half days", analysis.attended_half_days
    yield "half days left out (exam leave)", analysis.excluded_half_days
    yield "half days not marked", analysis.unmarked_half_days
    yield "absence %", percent(analysis.absence_rate)
    for band in analysis.tiers or ():
        yield f"students on {_or(band)}", band.students
    for band in analysis.categories or ():
        yield f"students of category {_or(band)}", band.students
    if analysis.target is not None:
        yield "regular %", percent(analysis.target.regular_share)
        yield "target for regular %", percent(analysis.target.target_share)
        yield "more students to be regular for the target", analysis.target.students
    for crossing in analysis.crossings or ():
        yield f"crossings of {crossing.threshold} days", crossing.up
        yield f"crossings of {crossing.threshold} days withdrawn", crossing.down
    for name in analysis.classes or ():
        yield f"absent half days {name.absence_class}", name.half_days


def _weeks(analysis: Analysis) -> Sheet:
    header = ["week", "starts on", "ends on", "absent half days", "half days marked", "absence %"]
    header += [f"students on {tier}" for tier in TIERS]
    header += [text for threshold in THRESHOLDS for text in (f"crossed {threshold} days", f"withdrawn at {threshold} days")]
    rows = []
    for week in analysis.weeks:
        tiers: Sequence[Cell] = [week.tiers[tier] for tier in TIERS] if week.tiers else [""] * len(TIERS)
        crossed: Sequence[Cell] = [""] * 2 * len(THRESHOLDS)
        if week.crossings is not None:
            crossed = [count for crossing in week.crossings for count in (crossing.up, crossing.down)]
        dates = (week.starts_on.isoformat(), week.ends_on.isoformat())
        counts = (week.absent_half_days, week.counted_half_days, percent(week.absence_rate))
        rows.append((week.week, *dates, *counts, *tiers, *crossed))
    return Sheet(tuple(header), tuple(rows))


def _codes(analysis: Analysis) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    for name in analysis.classes or ():
        rows += [(code.code or "other", code.meaning, name.absence_class, code.half_days) for code in name.codes]
    return Sheet(("code", "meaning", "class", "absent half days"), tuple(rows))


def _parts(name: str, parts: Iterable[Cohort]) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    for part in parts:
        label: Cell = part.name if part.name is not None else "not known"
        if part.merged:
            label = ", ".join(str(merged if merged is not None else "not known") for merged in part.merged)
        by_tier = [_tier(part.tiers, tier) for tier in TIERS]
        regular: Cell = "" if part.students is None else NOT_SHOWN if part.regular_share is None else round(part.regular_share * 100)
        rows.append((label, _few(part.students), percent(part.absence_rate), *by_tier, regular))
    return Sheet((name, "students", "absence %", *(f"students on {tier}" for tier in TIERS), "regular %"), tuple(rows))


def _tier(bands: Sequence[Band] | None, tier: str) -> Cell:
    """A tier of its own has its number; one that is put together with others says with which, and how many they are."""
    for band in bands or ():
        if tier in band.names and len(band.names) == len(TIERS):
            return NOT_SHOWN
        if tier in band.names:
            return band.students if len(band.names) == 1 else f"{band.students} on {_or(band)}"
    return ""


def _effects(analysis: Analysis) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    for effect in analysis.effects:
        own = (_few(effect.students), percent(effect.rate_before), percent(effect.rate_after), percent(effect.change))
        similar: tuple[Cell, ...] = ("",) * 7
        if effect.similar is not None:
            beside = effect.similar
            low, high = beside.interval or (None, None)
            rates = (percent(beside.rate_before), percent(beside.rate_after))
            similar = (beside.students, *rates, percent(beside.change), percent(beside.difference), percent(low), percent(high))
        rows.append((effect.label, *own, *similar, _few(effect.waiting)))
    header = ("activity", "students", "absence % before", "absence % after", "change in points")
    theirs = ("similar students", "their absence % before", "their absence % after", "their change in points")
    difference = ("difference in points", "difference at least", "difference at most", "students whose weeks after are not over")
    return Sheet((*header, *theirs, *difference), tuple(rows))


def _or(band: Band) -> str:
    return " or ".join(band.names)


def _few(students: int | None) -> Cell:
    return NOT_SHOWN if students is None else students
