"""The analysis of a school's term, or of a part of it. Pure: rows in, numbers out, nobody to be picked out of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis import effects, patterns
from services.thresholds.analysis.categories import LEVELS, Target, category_levels, target
from services.thresholds.analysis.causes import ClassAbsences, by_class
from services.thresholds.analysis.counting import HalfDays, count_half_days, has_marks
from services.thresholds.analysis.disclosure import Disclosure, Steps, is_small
from services.thresholds.analysis.effects import ActivityEffect, Measured, Response
from services.thresholds.analysis.findings import Analysis, Band, Cohort, PatternCount, Summary
from services.thresholds.analysis.patterns import PATTERNS, StudentPattern
from services.thresholds.analysis.sets import Sets, Student, is_selected, sets_of
from services.thresholds.analysis.timeline import NeighbourDays, timeline
from services.thresholds.analysis.weeks import CrossedRecords, crossings, levels, rate, weekdays, weeks
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.tiers import TIERS

SMALL_SCHOOL: Final = 20
"""A school with fewer students is analysed as a group is: where everybody knows everybody, one student on red is a name."""

REGULAR: Final = LEVELS.index("regular")


@dataclass(frozen=True, slots=True)
class Question:
    """The question that an analysis answers.

    `students` are all that the caller may see, with their kept `days` of the term (empty without marks) in the same order, and `beside`
    those of the terms before and after it, where responses reach there. `whole_school`: that nobody of the school is left out of them.
    `year_level`, `group`: the selection of them that the analysis is about.
    """

    term: Term
    calendar: SchoolCalendar
    codes: CodeTable
    now: datetime
    students: Sequence[Student]
    days: Sequence[bytes]
    whole_school: bool
    year_level: int | None = None
    group: str | None = None
    crossed: Sequence[CrossedRecords] = ()
    """The half days of the students on the roster, or of all students where none was sent."""
    responses: Sequence[tuple[str, str, date]] = ()
    """Student, standard activity, day; of these students, whatever term they belong to."""
    beside: NeighbourDays = field(default_factory=NeighbourDays)

    @property
    def enrolments(self) -> Sequence[Enrolment | None]:
        """The students' dates and sessions, in their order."""
        return [student.enrolment for student in self.students]


def analyse(question: Question, half_days: HalfDays | None = None) -> Analysis:
    """The analysis of the selection: of the students on the roll, or where none was sent, of all with marks.

    `half_days` are those of the question's rows, if they have been counted already. Students who have left are not in it: a few leavers
    would hide a whole year level, for they are the school less its year levels.
    """
    work = _work(question, half_days)
    school_days = sum(1 for _ in question.calendar.school_days(question.term, until=question.calendar.today(question.now)))
    return work.analysis(school_days) if work else Analysis(None, school_days)


def summarise(question: Question, half_days: HalfDays | None = None) -> Summary | None:
    """The numbers of `analyse` by which terms are compared, without the work for the others; None for a term without a mark."""
    if not any(has_marks(question.days, question.term)):
        return None
    work = _work(question, half_days)
    return work.summary() if work else Summary(None)


def counted_in(question: Question) -> list[bool]:
    """Whether each student is counted in the analysis."""
    on_roll = [student.on_roll for student in question.students]
    return on_roll if any(on_roll) else has_marks(question.days, question.term)


def find_patterns(question: Question, half_days: HalfDays | None = None) -> tuple[Sequence[Student], list[StudentPattern]]:
    """All students with marks, and the patterns of the selected ones (`StudentPattern.student` is a place among the former)."""
    marked = has_marks(question.days, question.term)
    present = [student.on_roll or stands for student, stands in zip(question.students, marked, strict=True)]
    half_days, question = (half_days or half_days_of(question)).only(present), _only(question, present)
    shown = patterns.find(half_days, question.term, question.calendar)
    selected = [is_selected(student, question.year_level, question.group) for student in question.students]
    return question.students, [pattern for pattern in shown if selected[pattern.student]]


def half_days_of(question: Question) -> HalfDays:
    """The half days of all students of a question."""
    return count_half_days(question.days, question.term, question.calendar, question.codes, question.now, question.enrolments)


def _work(question: Question, half_days: HalfDays | None) -> "_Work | None":
    """The work of an analysis; None where nothing may be said about the selection."""
    counted = counted_in(question)
    half_days, question = (half_days or half_days_of(question)).only(counted), _only(question, counted)
    whole = question.whole_school and len(question.students) >= SMALL_SCHOOL
    sets, disclosure = sets_of(question.students, question.year_level, question.group).disclosed(whole=whole)
    return _Work(question, half_days, sets, disclosure) if disclosure.shown[sets.selected] else None


def _only(question: Question, chosen: Sequence[bool]) -> Question:
    """The question of some of its students. A student without a mark, and on no roster, was never there."""
    if all(chosen):
        return question

    def kept(days: Sequence[bytes] | None) -> Sequence[bytes] | None:
        return None if days is None else list(compress(days, chosen))

    return replace(
        question,
        students=list(compress(question.students, chosen)),
        days=list(compress(question.days, chosen)),
        beside=NeighbourDays(kept(question.beside.before), kept(question.beside.after)),
    )


@dataclass
class _Work:
    """The data from which the parts of an analysis are made."""

    question: Question
    half_days: HalfDays
    sets: Sets
    disclosure: Disclosure
    totals: NDArray[np.int64] = field(init=False)
    attended: NDArray[np.int64] = field(init=False)
    level: NDArray[np.int64] = field(init=False)
    category: NDArray[np.int64] = field(init=False)
    tier_steps: Steps = field(init=False)
    category_steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self.totals = self.half_days.absent.sum(axis=1, dtype=np.int64)
        self.attended = self.half_days.attended.sum(axis=1, dtype=np.int64)
        self.level = levels(self.totals)
        self.category = category_levels(self.attended, self.totals + self.attended)
        self.tier_steps = self.disclosure.steps(self.level, len(TIERS) - 1)
        self.category_steps = self.disclosure.steps(self.category, len(LEVELS) - 1)

    @property
    def who(self) -> NDArray[np.bool_]:
        """The students selected."""
        selected: NDArray[np.bool_] = self.disclosure.members[self.sets.selected]
        return selected

    @property
    def everything(self) -> bool:
        """Whether numbers of students are shown as they are: it is the whole school, and not a tiny one."""
        return self.disclosure.whole and self.sets.selected == 0

    def may_show(self, having: NDArray[np.bool_]) -> bool:
        """Whether the selection may show something about those of its students for whom it holds."""
        if is_small(int((having & self.who).sum())):
            return False
        return self.everything or bool(self.disclosure.may_show(having)[self.sets.selected])

    def summary(self) -> Summary:
        """The three numbers by which terms are compared."""
        absent, attended = int(self.totals[self.who].sum()), int(self.attended[self.who].sum())
        reached = self._target()
        return Summary(int(self.who.sum()), rate(absent, absent + attended), reached.regular_share if reached else None)

    def analysis(self, school_days: int) -> Analysis:
        """Everything."""
        question, half_days, who = self.question, self.half_days, self.who
        absent, attended = int(self.totals[who].sum()), int(self.attended[who].sum())
        crossed = question.crossed if self.everything else None
        return Analysis(
            students=int(who.sum()),
            school_days=school_days,
            absent_half_days=absent,
            attended_half_days=attended,
            excluded_half_days=int(half_days.excluded[who].sum()),
            unmarked_half_days=int(half_days.unmarked[who].sum()),
            absence_rate=rate(absent, absent + attended),
            tiers=self._tiers(self.sets.selected),
            categories=self._categories(),
            target=self._target(),
            weeks=tuple(weeks(half_days, who, question.term, question.calendar.today(question.now), crossed)),
            crossings=None if crossed is None else crossings(crossed),
            weekdays=tuple(weekdays(half_days, who)),
            classes=self._classes(),
            year_levels=tuple(self._year_levels()),
            groups=tuple(self._groups()),
            patterns=tuple(self._patterns()),
            effects=tuple(self._effects()),
        )

    def _tiers(self, row: int) -> tuple[Band, ...]:
        return tuple(Band(TIERS[first : last + 1], students) for first, last, students in self.tier_steps.bands(row))

    def _categories(self) -> tuple[Band, ...]:
        bands = self.category_steps.bands(self.sets.selected)
        return tuple(Band(LEVELS[first : last + 1], students) for first, last, students in bands)

    def _target(self) -> Target | None:
        shown = self.category_steps.shown[self.sets.selected]
        if not (shown[REGULAR] and shown[REGULAR + 1]):
            return None
        own = self.category[self.who]
        return target(int((own == REGULAR).sum()), int((own >= REGULAR).sum()))

    def _classes(self) -> tuple[ClassAbsences, ...] | None:
        half_days = self.half_days
        having = half_days.by_cause > 0
        classes_shown = True
        for name in ("justified", "unjustified"):
            of_class = having[:, [cause.absence_class == name for cause in half_days.causes]].sum(axis=1) > 0
            classes_shown = classes_shown and self.may_show(of_class)
        shown = [classes_shown and self.may_show(having[:, column]) for column in range(len(half_days.causes))]
        return by_class(half_days.causes, half_days.by_cause[self.who], shown, classes_shown, self.question.codes)

    def _year_levels(self) -> Iterator[Cohort]:
        years = [(year, row) for year, row in self.sets.years.items() if self._within(row)]
        yield from self._parts(years)
        if self.sets.merged and self.sets.rest is not None and self.sets.selected == 0:
            yield replace(next(self._parts([(None, self.sets.rest)]), Cohort(None)), merged=self.sets.merged)

    def _groups(self) -> Iterator[Cohort]:
        yield from self._parts([(name, row) for name, row in self.sets.groups.items() if self._within(row)])
        named = {name for student in compress(self.question.students, self.who) for name in student.groups}
        shown = {name for name, row in self.sets.groups.items() if self.disclosure.shown[row]}
        if named - shown:
            yield Cohort(None, merged=tuple(sorted(named - shown)))

    def _within(self, row: int) -> bool:
        """Whether a set lies within the selection: only then does it belong to the question."""
        members = self.disclosure.members[row]
        return bool(self.disclosure.shown[row]) and bool(members.any()) and not bool((members & ~self.who).any())

    def _parts(self, parts: Iterable[tuple[int | str | None, int]]) -> Iterator[Cohort]:
        disclosure, regular = self.disclosure, self.category == REGULAR
        share_shown = disclosure.may_show(regular) & disclosure.may_show((self.category > 0) & ~regular)
        absent, attended = disclosure.sums(self.totals), disclosure.sums(self.attended)
        regulars, counted = disclosure.sums(regular), disclosure.sums(self.category > 0)
        for name, row in parts:
            if not disclosure.shown[row]:
                continue
            marked = int(absent[row] + attended[row])
            yield Cohort(
                name=name,
                students=int(self.tier_steps.reached[row, 0]),
                absence_rate=round(int(absent[row]) / marked, 3) if marked else None,
                tiers=self._tiers(row),
                regular_share=round(int(regulars[row]) / int(counted[row]), 2) if counted[row] and share_shown[row] else None,
            )

    def _patterns(self) -> Iterator[PatternCount]:
        shown = patterns.find(self.half_days, self.question.term, self.question.calendar)
        for pattern in PATTERNS:
            having = self._flags(student_pattern.student for student_pattern in shown if student_pattern.pattern == pattern)
            students = int((having & self.who).sum()) if self.may_show(having) else None
            yield PatternCount(pattern, patterns.RULES[pattern], students)

    def _effects(self) -> Iterator[ActivityEffect]:
        question = self.question
        places = {student.student: place for place, student in enumerate(question.students)}
        every = [Response(places[student], activity, day) for student, activity, day in question.responses if student in places]
        firsts = effects.firsts(every, question.term.start, question.term.end)
        if not firsts:
            return
        year_bands = [effects.band(student.year_level) for student in question.students]
        days = timeline(self.half_days, question.term, question.beside, question.calendar, question.now)
        for measured in effects.measure(firsts, every, days, year_bands):
            selected = self._of_the_selection(measured)
            if selected is not None:
                yield effects.effect(selected)

    def _of_the_selection(self, measured: Measured) -> Measured | None:
        """None where the activity was nobody's, or its numbers would give others' away."""
        if self.everything:
            return measured
        compared = self._flags(pair.student for pair in measured.compared or ())
        waiting = self._flags(measured.waiting or ())
        touched = compared | waiting | self._flags(measured.unmeasured)
        if not (touched & self.who).any():
            return None
        return Measured(
            measured.activity,
            tuple(pair for pair in measured.compared or () if self.who[pair.student]) if self.may_show(compared) else None,
            frozenset(np.flatnonzero(waiting & self.who).tolist()) if self.may_show(waiting) else None,
            frozenset(),
        )

    def _flags(self, students: Iterable[int]) -> NDArray[np.bool_]:
        flags = np.zeros(self.half_days.students, dtype=np.bool_)
        flags[list(students)] = True
        return flags
