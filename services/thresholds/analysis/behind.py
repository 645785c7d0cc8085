"""The students behind a figure of the analysis. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from services.thresholds.analysis.analysing import Question, counted_in, half_days_of
from services.thresholds.analysis.categories import LEVELS, CategoryLevel, category_levels
from services.thresholds.analysis.counting import HalfDays
from services.thresholds.analysis.sets import Student, is_selected
from services.thresholds.analysis.weeks import WEEKDAYS, WeekdayName, levels, week_of
from shared.attendance.tiers import TIERS, Tier


@dataclass(frozen=True, slots=True)
class AnalysisFigure:
    """A figure of the analysis: that of these tiers, of these categories, of a week of the term, of a weekday, or where these cross.

    A part that is empty or None restricts nothing.
    """

    tiers: Collection[Tier] = ()
    categories: Collection[CategoryLevel] = ()
    week: int | None = None
    weekday: WeekdayName | None = None

    @property
    def of_days(self) -> bool:
        """Whether it is about some of the term's days: then it is of the students who were away on one of them."""
        return self.week is not None or self.weekday is not None


@dataclass(frozen=True, slots=True)
class Behind:
    """A student behind a figure, with the half days absent and marked on the figure's days (of all the term, where it names none), and
    the category of the whole term."""

    student: Student
    absent_half_days: int
    counted_half_days: int
    category: CategoryLevel


def students_behind(question: Question, figure: AnalysisFigure, half_days: HalfDays | None = None) -> list[Behind]:
    """The students of the question's selection whom a figure counts, who was away most first, then by key.

    They are the same students as the analysis counts; whether the figure itself may be shown, `analyse` decides.
    """
    counted = counted_in(question)
    half_days = half_days or half_days_of(question)
    of_term = half_days.absent.sum(axis=1, dtype=np.int64)
    attended = half_days.attended.sum(axis=1, dtype=np.int64)
    tier, category = levels(of_term).tolist(), category_levels(attended, of_term + attended).tolist()
    columns = half_days.columns(_on_days(question, figure, half_days))
    absent = half_days.absent[:, columns].sum(axis=1, dtype=np.int64).tolist()
    marked = half_days.counted[:, columns].sum(axis=1, dtype=np.int64).tolist()
    behind = [
        Behind(student, absent[place], marked[place], LEVELS[category[place]])
        for place, student in enumerate(question.students)
        if counted[place]
        and is_selected(student, question.year_level, question.group)
        and (not figure.tiers or TIERS[tier[place]] in figure.tiers)
        and (not figure.categories or LEVELS[category[place]] in figure.categories)
        and (not figure.of_days or absent[place])
    ]
    return sorted(behind, key=lambda one: (-one.absent_half_days, one.student.student))


def _on_days(question: Question, figure: AnalysisFigure, half_days: HalfDays) -> Sequence[bool]:
    """Whether each day is one of the figure's."""
    week = week_of(question.term, question.calendar.today(question.now), figure.week)
    if figure.week is not None and week is None:
        return [False for _ in half_days.days]
    start, end = week or (question.term.start, question.term.end)
    weekday = None if figure.weekday is None else WEEKDAYS.index(figure.weekday)
    return [start <= day <= end and weekday in (None, day.weekday()) for day in half_days.days]
