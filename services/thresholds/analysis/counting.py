"""Half days of all students and days of a term at once: the day rule, asked once for each kind of day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.grid import Grid, decode, shapes_of
from services.thresholds.register import packed_row
from services.thresholds.register.attribution import NOTHING, Attribution, Cause, DayPart, attribute
from services.thresholds.register.half_days import DayCount, count_day, day_marks
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Opening

HalfDayTable = NDArray[np.int8]
Enrolments = Sequence[Enrolment | None]
"""The dates and sessions of the students of some rows, in their order; none are those of students who are always on the roll."""

MORNING: Final = 1
AFTERNOON: Final = 2
PARTS: Final[Mapping[DayPart | None, int]] = {None: 0, "morning": MORNING, "afternoon": AFTERNOON}


@dataclass(frozen=True, slots=True)
class HalfDays:
    """Half days of students by days, as `attendance.attendance` counts them.

    `causes`: what absences belong to, and `by_cause` how many of each a student has, students by causes. `part`: MORNING or AFTERNOON
    where one half day was missed and the marks tell which, else 0.
    """

    days: tuple[date, ...]
    absent: HalfDayTable
    attended: HalfDayTable
    excluded: HalfDayTable
    unmarked: HalfDayTable
    part: HalfDayTable
    causes: tuple[Cause, ...]
    by_cause: NDArray[np.int32]

    @property
    def students(self) -> int:
        """How many students there are."""
        return int(self.absent.shape[0])

    @property
    def counted(self) -> HalfDayTable:
        """Half days marked as attended or absent: what shares are of."""
        return self.absent + self.attended

    def only(self, students: Sequence[bool]) -> "HalfDays":
        """The table of some of its students."""
        if all(students):
            return self
        kept = np.asarray(students, dtype=np.bool_)
        return replace(
            self,
            absent=self.absent[kept],
            attended=self.attended[kept],
            excluded=self.excluded[kept],
            unmarked=self.unmarked[kept],
            part=self.part[kept],
            by_cause=self.by_cause[kept],
        )

    def columns(self, flags: Sequence[bool] | NDArray[np.bool_]) -> NDArray[np.intp]:
        """The columns of the days for which `flags` is true."""
        return np.flatnonzero(np.asarray(flags, dtype=np.bool_))


def count_half_days(
    rows: Sequence[bytes], term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime, enrolments: Enrolments = ()
) -> HalfDays:
    """The half days of a term so far; rows are students, in the order given, as are their enrolments."""
    today = calendar.today(now)
    blanks = calendar.blanks_are_truant
    grid = decode(rows, term, calendar.school_days(term, until=today), with_first=blanks, with_touched=today < term.end)
    shapes, shape_of = shapes_of(grid.days, calendar, term, enrolments)
    rule = _DayRule(shapes, calendar, codes)

    def look(kind: int, shape: int, blanks_count: bool) -> tuple[DayCount, Attribution]:
        values = grid.values[kind]
        count = rule.count(values, shape, blanks_count)
        return count, attribute(day_marks(values), count, codes) if count.absent else NOTHING

    distinct, which = grid.each(shape_of, _blanks_count(grid, calendar, now), look)

    def table(values: Sequence[int]) -> HalfDayTable:
        return np.asarray(values, dtype=np.int8)[which]

    unmarked = table([count.unmarked for count, _ in distinct])
    if grid.touched is not None:
        # Of days that have not come yet, only those count that somebody marked for this very student.
        unmarked[~grid.touched & np.asarray([day > today for day in grid.days], dtype=np.bool_)] = 0
    causes = tuple(sorted({cause for _, attribution in distinct for cause, _ in attribution.causes}))
    return HalfDays(
        days=grid.days,
        absent=table([count.absent for count, _ in distinct]),
        attended=table([count.attended for count, _ in distinct]),
        excluded=table([count.excluded for count, _ in distinct]),
        unmarked=unmarked,
        part=table([PARTS[attribution.part] for _, attribution in distinct]),
        causes=causes,
        by_cause=_by_cause(causes, [attribution for _, attribution in distinct], which),
    )


def count_school_days(
    rows: Sequence[bytes],
    term: Term,
    calendar: SchoolCalendar,
    codes: CodeTable,
    now: datetime,
    days: Sequence[date],
    enrolments: Enrolments = (),
) -> tuple[HalfDayTable, HalfDayTable]:
    """Half days absent, and half days marked as attended or absent, of some school days of a term; no other days are in it."""
    grid = decode(rows, term, days, marked_days=False, with_first=calendar.blanks_are_truant)
    shapes, shape_of = shapes_of(grid.days, calendar, term, enrolments)

    rule = _DayRule(shapes, calendar, codes)

    def look(kind: int, shape: int, blanks_count: bool) -> DayCount:
        return rule.count(grid.values[kind], shape, blanks_count)

    distinct, which = grid.each(shape_of, _blanks_count(grid, calendar, now), look)
    absent = np.asarray([count.absent for count in distinct], dtype=np.int8)[which]
    return absent, np.asarray([count.absent + count.attended for count in distinct], dtype=np.int8)[which]


class _DayRule:
    """The day rule, asked once for days that are the same to it: it looks at the classes of codes, and at the minutes of absences."""

    def __init__(self, shapes: Sequence[Opening], calendar: SchoolCalendar, codes: CodeTable) -> None:
        self._shapes = shapes
        self._carried_counts = calendar.carried_absences_count
        self._codes = codes
        self._same: dict[int, int] = {}
        self._first: dict[object, int] = {}
        self._counts: dict[tuple[tuple[int, ...], int, bool], DayCount] = {}

    def count(self, values: tuple[int, ...], shape: int, blanks_count: bool) -> DayCount:
        """The half days of a day with these marks (`packed_row.values_of_day`)."""
        key = (tuple([self._same_as(value) for value in values]), shape, blanks_count)
        count = self._counts.get(key)
        if count is None:
            marks = day_marks(key[0])
            carried_counts = self._carried_counts
            count = count_day(marks, self._shapes[shape], self._codes, blanks_count=blanks_count, carried_counts=carried_counts)
            self._counts[key] = count
        return count

    def _same_as(self, value: int) -> int:
        """The first mark seen that is the same to the rule."""
        same = self._same.get(value)
        if same is None:
            code, position = packed_row.code_of(value & 0xFFFF), value >> 16
            kind: object = value
            if code is not None and code in self._codes:
                code_class = self._codes.class_of(code)
                kind = (position, code_class)
                if code_class != "present":
                    absent = self._codes.is_absence(code)
                    kind = (position, absent, value & packed_row.MOST_MINUTES)
            same = self._same[value] = self._first.setdefault(kind, value)
        return same


def _blanks_count(grid: Grid, calendar: SchoolCalendar, now: datetime) -> NDArray[np.bool_]:
    """Where a day's blanks are absences: from the student's first mark here on, up to the last day that has ended."""
    if grid.first is None:
        return np.zeros(grid.kinds.shape, dtype=np.bool_)
    numbers = np.asarray([packed_row.number_of(day) for day in grid.days], dtype=np.int64)
    ended = numbers <= packed_row.number_of(calendar.ended_through(now))
    flags: NDArray[np.bool_] = (numbers >= grid.first[:, np.newaxis]) & ended
    return flags


def _by_cause(causes: Sequence[Cause], attributions: Sequence[Attribution], which: NDArray[np.int32]) -> NDArray[np.int32]:
    place = {cause: column for column, cause in enumerate(causes)}
    number = np.zeros((len(causes), len(attributions)), dtype=np.int64)
    for row, attribution in enumerate(attributions):
        for cause, half_days in attribution.causes:
            number[place[cause], row] = half_days
    result = np.zeros((which.shape[0], len(causes)), dtype=np.int32)
    students, days = np.nonzero((number.sum(axis=0) > 0)[which])
    there = which[students, days]
    for column in range(len(causes)):
        result[:, column] = np.bincount(students, weights=number[column, there], minlength=which.shape[0])
    return result
