"""The findings of an analysis, as plain data."""

from dataclasses import dataclass

from services.thresholds.analysis.categories import Target
from services.thresholds.analysis.causes import ClassAbsences
from services.thresholds.analysis.effects import ActivityEffect
from services.thresholds.analysis.patterns import Pattern
from services.thresholds.analysis.weeks import Crossings, Week, Weekday


@dataclass(frozen=True, slots=True)
class Band:
    """Students of one tier or category, or of several neighbouring ones where there are too few of one."""

    names: tuple[str, ...]
    students: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """A year level or a group. `name` None: students whose year level is not known; `merged`: the parts that it puts together.

    Numbers that are not to be shown are None.
    """

    name: int | str | None
    merged: tuple[int | str | None, ...] = ()
    students: int | None = None
    absence_rate: float | None = None
    tiers: tuple[Band, ...] | None = None
    regular_share: float | None = None


@dataclass(frozen=True, slots=True)
class PatternCount:
    """How many students show a pattern; None where too few do."""

    pattern: Pattern
    rule: str
    students: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A term in three numbers: what terms are compared by. None is a number that is not to be shown, or not there yet."""

    students: int | None
    absence_rate: float | None = None
    regular_share: float | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """A term's analysis. `students` None: the selection is too small to say anything about, or would give another one away."""

    students: int | None
    school_days: int
    absent_half_days: int | None = None
    attended_half_days: int | None = None
    excluded_half_days: int | None = None
    unmarked_half_days: int | None = None
    absence_rate: float | None = None
    tiers: tuple[Band, ...] | None = None
    categories: tuple[Band, ...] | None = None
    target: Target | None = None
    weeks: tuple[Week, ...] = ()
    crossings: tuple[Crossings, ...] | None = None
    weekdays: tuple[Weekday, ...] = ()
    classes: tuple[ClassAbsences, ...] | None = None
    year_levels: tuple[Cohort, ...] = ()
    groups: tuple[Cohort, ...] = ()
    patterns: tuple[PatternCount, ...] = ()
    effects: tuple[ActivityEffect, ...] = ()
