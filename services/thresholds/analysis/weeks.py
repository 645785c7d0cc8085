"""A term week by week: absences, the students on each tier at each week's end, and the thresholds crossed. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.counting import HalfDays
from shared.attendance.calendar import Term
from shared.attendance.tiers import THRESHOLDS, TIERS, Threshold, Tier

Level = NDArray[np.int64]

WeekdayName = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MOST_WEEKS: Final = 60
"""The largest number of a week that can be asked for: no term is longer than a year."""
WEEKDAYS: Final[tuple[WeekdayName, ...]] = get_args(WeekdayName)


@dataclass(frozen=True, slots=True)
class CrossedRecords:
    """STAR records that crossings of a threshold opened on a day; `withdrawn_on` where corrected marks have taken them back since."""

    threshold: Threshold
    crossed_on: date
    withdrawn_on: date | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Crossings:
    """STAR records that crossings of a threshold opened, and how many of them were withdrawn since."""

    threshold: Threshold
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the term, as far as it has come. `tiers` go by the total as of the week's end, from the marks as they stand now.

    Tiers and crossings are null where the analysis is of few students.
    """

    week: int
    starts_on: date
    ends_on: date
    absent_half_days: int
    counted_half_days: int
    absence_rate: float | None
    tiers: Mapping[Tier, int] | None
    crossings: tuple[Crossings, ...] | None


@dataclass(frozen=True, slots=True)
class Weekday:
    """All Mondays of the term, or another weekday."""

    weekday: WeekdayName
    absent_half_days: int
    counted_half_days: int
    absence_rate: float | None


def rate(absent: int, counted: int) -> float | None:
    """The share of half days absent, of those marked as attended or absent; None before there are any."""
    return round(absent / counted, 4) if counted else None


def levels(absent_half_days: NDArray[np.integer]) -> Level:
    """How many thresholds each total has reached (see `tiers.level_of`)."""
    return np.minimum(absent_half_days.astype(np.int64) // 10, 3)


def tiers_of(level: Level) -> dict[Tier, int]:
    """How many students are on each tier."""
    return {tier: int(count) for tier, count in zip(TIERS, np.bincount(level, minlength=len(TIERS)), strict=True)}


def weeks(half_days: HalfDays, who: NDArray[np.bool_], term: Term, today: date, crossed: Iterable[CrossedRecords] | None) -> list[Week]:
    """The weeks of the term that have begun, from Monday to Sunday; a total is that of the week's end, from the marks as they stand now.

    `crossed`: the records of these students; None where numbers of students are not to be shown by week.
    """
    bounds = spans(term, today)
    absent, counted = half_days.absent[who].sum(axis=0, dtype=np.int64), half_days.counted[who].sum(axis=0, dtype=np.int64)
    totals = np.cumsum(half_days.absent[who], axis=1, dtype=np.int64) if crossed is not None else None
    by_week = _by_week(bounds, crossed) if crossed is not None else None
    begun = []
    for number, (start, end) in enumerate(bounds, start=1):
        columns = [column for column, day in enumerate(half_days.days) if start <= day <= end]
        until = sum(day <= end for day in half_days.days)
        lost, there = int(absent[columns].sum()), int(counted[columns].sum())
        tiers = None
        if totals is not None:
            tiers = tiers_of(levels(totals[:, until - 1] if until else np.zeros(len(totals), dtype=np.int64)))
        begun.append(Week(number, start, end, lost, there, rate(lost, there), tiers, by_week[number - 1] if by_week else None))
    return begun


def crossings(crossed: Sequence[CrossedRecords]) -> tuple[Crossings, ...]:
    """The records of a term together."""
    return tuple(
        Crossings(
            threshold,
            sum(records.count for records in crossed if records.threshold == threshold),
            sum(records.count for records in crossed if records.threshold == threshold and records.withdrawn_on is not None),
        )
        for threshold in THRESHOLDS
    )


def best_and_worst(rates: Sequence[float | None]) -> tuple[int, int] | None:
    """The places of the lowest and the highest rate; None where there are not two different ones. On a tie, the first."""
    rated = [(rate, place) for place, rate in enumerate(rates) if rate is not None]
    if len({rate for rate, _ in rated}) <= 1:
        return None
    return min(rated)[1], min(rated, key=lambda pair: (-pair[0], pair[1]))[1]


def weekdays(half_days: HalfDays, who: NDArray[np.bool_]) -> list[Weekday]:
    """The weekdays that have a half day marked."""
    absent, counted = half_days.absent[who].sum(axis=0, dtype=np.int64), half_days.counted[who].sum(axis=0, dtype=np.int64)
    marked = []
    for number, name in enumerate(WEEKDAYS):
        columns = [column for column, day in enumerate(half_days.days) if day.weekday() == number]
        lost, there = int(absent[columns].sum()), int(counted[columns].sum())
        if there:
            marked.append(Weekday(name, lost, there, rate(lost, there)))
    return marked


def spans(term: Term, today: date) -> list[tuple[date, date]]:
    """The first and the last day of each week of the term that has begun, the last day no later than today."""
    last = min(term.end, today)
    bounds = []
    start = term.start
    while start <= last:
        sunday = start + timedelta(days=6 - start.weekday())
        bounds.append((start, min(sunday, last)))
        start = sunday + timedelta(days=1)
    return bounds


def week_of(term: Term, today: date, week: int | None) -> tuple[date, date] | None:
    """The first and the last day of a week of the term, by its number from 1; None for no week, and for one that has not begun."""
    bounds = spans(term, today)
    return bounds[week - 1] if week is not None and week <= len(bounds) else None


def _by_week(bounds: Sequence[tuple[date, date]], crossed: Iterable[CrossedRecords]) -> list[tuple[Crossings, ...]]:
    up: Counter[tuple[int, Threshold]] = Counter()
    down: Counter[tuple[int, Threshold]] = Counter()
    for records in crossed:
        up[_week_of(records.crossed_on, bounds), records.threshold] += records.count
        if records.withdrawn_on is not None:
            down[_week_of(records.withdrawn_on, bounds), records.threshold] += records.count
    return [
        tuple(Crossings(threshold, up[number, threshold], down[number, threshold]) for threshold in THRESHOLDS)
        for number in range(len(bounds))
    ]


def _week_of(day: date, bounds: Sequence[tuple[date, date]]) -> int:
    """The week of a day. Anything after the last week, such as a correction in the holidays, counts with it."""
    return next((number for number, (_, end) in enumerate(bounds) if day <= end), len(bounds) - 1)
