"""The analysis of a school's term, as the API answers it.

A number that is null where the field allows it is about fewer than five students, or would give such a number away.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.analysis.patterns import Pattern
from services.thresholds.attendance.view import Category
from services.thresholds.register.attribution import AbsenceClass
from shared.attendance.tiers import Threshold, Tier

WeekdayName = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class Out(BaseModel):
    """Read from the rules' plain data."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class TierBand(Out):
    """Students on a tier; on neighbouring tiers together, where one has too few to be shown."""

    tiers: tuple[Tier, ...] = Field(validation_alias="names")
    students: int


class CategoryBand(Out):
    """Students of a category, or of neighbouring ones together; `unmarked` has no half day marked yet."""

    categories: tuple[Category | Literal["unmarked"], ...] = Field(validation_alias="names")
    students: int


class TargetOut(Out):
    """The distance to the national target. `percentage_points` is negative below it; `students`: how many more would have to be regular."""

    target_share: float
    regular_share: float
    percentage_points: float
    students: int


class CrossingsOut(Out):
    """STAR records that crossings of a threshold opened, and how many of these were withdrawn since."""

    threshold: Threshold
    up: int
    down: int


class WeekOut(Out):
    """A week of the term. `tiers`: by the total as of the week's end, from the marks as they stand now."""

    week: int
    starts_on: date
    ends_on: date
    absent_half_days: int
    counted_half_days: int
    absence_rate: float | None
    tiers: dict[Tier, int] | None
    crossings: tuple[CrossingsOut, ...] | None


class WeekdayOut(Out):
    """All Mondays of the term, or another weekday."""

    weekday: WeekdayName
    absent_half_days: int
    counted_half_days: int
    absence_rate: float | None


class CodeOut(Out):
    """Absent half days of a code. `code` null: of several codes together."""

    code: str | None
    meaning: str
    half_days: int


class ClassOut(Out):
    """Absent half days of a class."""

    absence_class: AbsenceClass = Field(alias="class", validation_alias="absence_class")
    half_days: int
    codes: tuple[CodeOut, ...]


class YearLevelOut(Out):
    """A year level. `year_level` null: not known, or, with `merged`, those put together."""

    year_level: int | None = Field(validation_alias="name")
    merged: tuple[int | None, ...]
    students: int | None
    absence_rate: float | None
    tiers: tuple[TierBand, ...] | None
    regular_share: float | None


class GroupOut(Out):
    """A group. The one without a name stands for the groups in `merged`, which are not shown."""

    group: str | None = Field(validation_alias="name")
    merged: tuple[str, ...]
    students: int | None
    absence_rate: float | None
    tiers: tuple[TierBand, ...] | None
    regular_share: float | None


class PatternCountOut(Out):
    """How many students show a pattern, and its rule."""

    pattern: Pattern
    rule: str
    students: int | None


class SimilarOut(Out):
    """Similar students in the same weeks. `difference`: by how much the students' rate changed more than theirs; negative is less."""

    matched: int
    students: int
    rate_before: float
    rate_after: float
    change: float
    difference: float
    interval: tuple[float, float] | None


class EffectOut(Out):
    """Absence in the four school weeks before and after an activity."""

    activity: str
    label: str
    students: int | None
    rate_before: float | None
    rate_after: float | None
    change: float | None
    similar: SimilarOut | None
    waiting: int | None


class EffectsOut(Out):
    """Every kind of activity of the term. Read the warning first."""

    warning: str
    school_days: int
    items: tuple[EffectOut, ...]


class AnalysisOut(BaseModel):
    """A term. Rates of absence are shares of the half days marked as attended or absent."""

    school: str
    term: str
    as_of: datetime
    year_level: int | None
    group: str | None
    fewest_students: int
    school_days: int
    students: int | None
    absent_half_days: int | None
    attended_half_days: int | None
    excluded_half_days: int | None
    unmarked_half_days: int | None
    absence_rate: float | None
    tiers: tuple[TierBand, ...] | None
    categories: tuple[CategoryBand, ...] | None
    target: TargetOut | None
    weeks: tuple[WeekOut, ...]
    best_week: int | None
    worst_week: int | None
    weekdays: tuple[WeekdayOut, ...]
    best_weekday: WeekdayName | None
    worst_weekday: WeekdayName | None
    crossings: tuple[CrossingsOut, ...] | None
    classes: tuple[ClassOut, ...] | None
    year_levels: tuple[YearLevelOut, ...]
    groups: tuple[GroupOut, ...]
    patterns: tuple[PatternCountOut, ...]
    effects: EffectsOut
    notes: list[str]


class StudentPatternOut(BaseModel):
    """A pattern of a student, with the numbers that made it."""

    student: str
    student_id: UUID
    name: str | None
    year_level: int | None
    groups: list[str]
    pattern: Pattern
    detail: str
    numbers: dict[str, int | float | str]


class PatternPage(BaseModel):
    """A page of patterns, by student. `rules` says what each means."""

    school: str
    term: str
    as_of: datetime
    rules: dict[Pattern, str]
    items: list[StudentPatternOut]
    next: str | None
