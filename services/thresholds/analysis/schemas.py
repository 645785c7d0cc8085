"""The analysis of a school's term, as the API answers it.

A number that is null where the field allows it is about fewer than five students, or would give such a number away. Most parts are the
rules' own data; a model stands here only where a field has another name in the answer.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.analysis.analysing import Question
from services.thresholds.analysis.behind import Behind
from services.thresholds.analysis.categories import CategoryLevel, Target
from services.thresholds.analysis.causes import CodeAbsences
from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.effects import WARNING, WINDOW, ActivityEffect
from services.thresholds.analysis.findings import Analysis, PatternCount
from services.thresholds.analysis.patterns import Pattern, StudentPattern
from services.thresholds.analysis.sets import Student
from services.thresholds.analysis.weeks import Crossings, Week, Weekday, WeekdayName, best_and_worst, rate
from services.thresholds.register.attribution import AbsenceClass
from shared.attendance.tiers import Tier
from shared.web.pages import Page

NOTES: Final = (
    f"Numbers about fewer than {FEWEST} students, and numbers that would give such a number away, are put together with others or null.",
    "Totals by week are as of each week's end, counted from the marks as they stand now: a mark that was corrected later counts as it is"
    " now.",
    "Crossings are the term's STAR records, by the day on which the threshold was reached; withdrawn ones by the day on which corrected"
    " marks took them back. A record that was withdrawn and opened again counts as crossed once.",
    "Students who are no longer on the roll are left out; the data-quality report lists marks of students who are not on it.",
    "Rates are of the half days marked as attended or absent. A student's year level and groups are those of now, whatever they were.",
)


class Out(BaseModel):
    """Read from the rules' data."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class TierBand(Out):
    """Students on a tier; on neighbouring tiers together, where one has too few to be shown."""

    tiers: tuple[Tier, ...] = Field(validation_alias="names")
    students: int


class CategoryBand(Out):
    """Students of a category, or of neighbouring ones together; `unmarked` has no half day marked yet."""

    categories: tuple[CategoryLevel, ...] = Field(validation_alias="names")
    students: int


class ClassOut(Out):
    """Absent half days of a class."""

    absence_class: AbsenceClass = Field(alias="class", validation_alias="absence_class")
    half_days: int
    codes: tuple[CodeAbsences, ...]


class CohortOut(Out):
    """The numbers of a year level or a group."""

    students: int | None
    absence_rate: float | None
    tiers: tuple[TierBand, ...] | None
    regular_share: float | None


class YearLevelOut(CohortOut):
    """A year level. `year_level` null: not known, or, with `merged`, those put together."""

    year_level: int | None = Field(validation_alias="name")
    merged: tuple[int | None, ...]


class GroupOut(CohortOut):
    """A group. The one without a name stands for the groups in `merged`, which are not shown."""

    group: str | None = Field(validation_alias="name")
    merged: tuple[str, ...]


class EffectsOut(Out):
    """Every kind of activity of the term. Read the warning first."""

    warning: str
    school_days: int
    items: tuple[ActivityEffect, ...]


class AnalysisOut(Out):
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
    target: Target | None
    weeks: tuple[Week, ...]
    best_week: int | None
    worst_week: int | None
    weekdays: tuple[Weekday, ...]
    best_weekday: WeekdayName | None
    worst_weekday: WeekdayName | None
    crossings: tuple[Crossings, ...] | None
    classes: tuple[ClassOut, ...] | None
    year_levels: tuple[YearLevelOut, ...]
    groups: tuple[GroupOut, ...]
    patterns: tuple[PatternCount, ...]
    effects: EffectsOut
    notes: list[str]

    @classmethod
    def of(cls, school: str, question: Question, analysis: Analysis) -> Self:
        """The answer to a question."""
        week = best_and_worst([week.absence_rate for week in analysis.weeks])
        day = best_and_worst([day.absence_rate for day in analysis.weekdays])
        values: dict[str, Any] = {field.name: getattr(analysis, field.name) for field in fields(analysis)}
        values |= {
            "school": school,
            "term": question.term.name,
            "as_of": question.now,
            "year_level": question.year_level,
            "group": question.group,
            "fewest_students": FEWEST,
            "best_week": analysis.weeks[week[0]].week if week else None,
            "worst_week": analysis.weeks[week[1]].week if week else None,
            "best_weekday": analysis.weekdays[day[0]].weekday if day else None,
            "worst_weekday": analysis.weekdays[day[1]].weekday if day else None,
            "effects": {"warning": WARNING, "school_days": WINDOW, "items": analysis.effects},
            "notes": list(NOTES),
        }
        return cls.model_validate(values)


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

    @classmethod
    def of(cls, student_id: UUID, student: Student, pattern: StudentPattern, names: Mapping[str, str]) -> Self:
        """A pattern of this student."""
        return cls(
            student=student.student,
            student_id=student_id,
            name=names.get(student.student),
            year_level=student.year_level,
            groups=sorted(student.groups),
            pattern=pattern.pattern,
            detail=pattern.detail,
            numbers=dict(pattern.numbers),
        )


class PatternPage(Page[StudentPatternOut]):
    """A page of patterns, by student. `rules` explains each of them."""

    school: str
    term: str
    as_of: datetime
    rules: dict[Pattern, str]


class StudentBehindOut(BaseModel):
    """A student whom a figure counts. The half days are those of the figure's week or weekday, else of the whole term."""

    student: str
    student_id: UUID
    name: str | None
    year_level: int | None
    groups: list[str]
    absent_half_days: int
    counted_half_days: int
    absence_rate: float | None = Field(description="Half days absent, of those marked as attended or absent; null before there are any")
    category: CategoryLevel = Field(description="Counted over the whole term; `unmarked` has no half day marked yet")

    @classmethod
    def of(cls, student_id: UUID, behind: Behind, name: str | None) -> Self:
        """A student as listed."""
        return cls(
            student=behind.student.student,
            student_id=student_id,
            name=name,
            year_level=behind.student.year_level,
            groups=sorted(behind.student.groups),
            absent_half_days=behind.absent_half_days,
            counted_half_days=behind.counted_half_days,
            absence_rate=rate(behind.absent_half_days, behind.counted_half_days),
            category=behind.category,
        )


class StudentBehindPage(Page[StudentBehindOut]):
    """A page of the students behind a figure, who was away most first. `starts_on` and `ends_on`: the week, where one is asked for and
    has begun."""

    school: str
    term: str
    as_of: datetime
    starts_on: date | None
    ends_on: date | None
    students: int = Field(description="How many there are on all pages together")
