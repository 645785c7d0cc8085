"""All rows of a school's term at once, as a table of students and days. Pure.

A school has few different days: the same codes in the same slots. So a day is kept as the number of its kind, and whatever is to be
said of days is asked once for each kind, of the one rule there is for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.thresholds.register import packed_row
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Opening

ENTRY: Final = np.dtype([("upper", ">u2"), ("lower", "u1"), ("versions", "V12"), ("value", ">u2")])
"""An entry of the register (see `register`)."""

NEVER: Final = np.iinfo(np.int32).max
_LOOKED_UP: Final = 1 << 22
"""Keys up to this number are made dense by a table of it, larger ones by sorting."""

_VALUES: Final = 1 << 16

Ints = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grid:
    """A term of many students.

    `days`: the school days of the term up to the last one asked for, and every other day of the term that has marks, in order.
    `kinds`: students by days, each the number of a kind of day; `values` has the marks of a day of that kind, as
    `packed_row.values_of_day` does. `first`: the number of the first day of the term with a mark of this school, taken back or not; NEVER
    without one. `touched`: where there is any entry at all. Both are None unless `decode` is told to find them.
    """

    days: tuple[date, ...]
    kinds: NDArray[np.int32]
    values: Sequence[tuple[int, ...]]
    first: Ints | None = None
    touched: NDArray[np.bool_] | None = None

    def each(
        self, shapes: NDArray[np.int64], flags: NDArray[np.bool_], look: Callable[[int, int, bool], T]
    ) -> tuple[list[T], NDArray[np.int32]]:
        """The answer of `look(kind, shape, flag)` for every day of every student, called once for each combination there is.

        `shapes` gives each day's shape, or that of each student's each day, `flags` is students by days. Answers the different answers,
        and for each student and day which.
        """
        several = int(shapes.max(initial=0)) + 1
        keys = (self.kinds.astype(np.int64) * several + shapes) * 2 + flags
        dense, distinct = _dense(keys.reshape(-1), len(self.values) * several * 2)
        answers = [look(key // 2 // several, key // 2 % several, bool(key % 2)) for key in distinct.tolist()]
        return answers, dense.reshape(self.kinds.shape)


def shapes_of(
    days: Sequence[date], calendar: SchoolCalendar, term: Term, enrolments: Sequence[Enrolment | None] = ()
) -> tuple[Sequence[Opening], Ints]:
    """The different shapes of the days, and which each day has; students by days, if some are on the roll or attend only in part."""
    different: dict[Opening, int] = {}

    def shapes(of: SchoolCalendar) -> Ints:
        return np.asarray([different.setdefault(of.opening(day), len(different)) for day in days], dtype=np.int64)

    of_school = shapes(calendar)
    own = {row: calendar.for_student(enrolment, term) for row, enrolment in enumerate(enrolments)}
    partly = {row: of for row, of in own.items() if of is not calendar}
    if not partly:
        return list(different), of_school
    table = np.tile(of_school, (len(enrolments), 1))
    for row, of in partly.items():
        table[row] = shapes(of)
    return list(different), table


def decode(
    rows: Sequence[bytes],
    term: Term,
    school_days: Iterable[date],
    *,
    marked_days: bool = True,
    with_first: bool = False,
    with_touched: bool = False,
) -> Grid:
    """The table of the rows, which are students in the order given. Marks outside the term are left out.

    `school_days`: the days of the term that are in it whether marked or not. Without `marked_days` there is no other day in it.
    """
    entries, base = np.frombuffer(b"".join(rows), ENTRY), packed_row.number_of(term.start)
    lengths = np.fromiter(map(len, rows), np.int64, len(rows)) // packed_row.ENTRY
    student = np.repeat(np.arange(len(rows)), lengths)
    # Places counted from the term's first: each is a day and a position.
    place = (entries["upper"].astype(np.int64) << 8 | entries["lower"]) - base * packed_row.POSITIONS
    value = entries["value"].astype(np.uint16)
    length = (term.end - term.start).days + 1
    inside = (place >= 0) & (place < length * packed_row.POSITIONS)
    if not inside.all():
        student, place, value = student[inside], place[inside], value[inside]
    used = np.bincount(place, minlength=length * packed_row.POSITIONS).reshape(length, packed_row.POSITIONS) > 0
    first = _first_days(student, place, len(rows), base) if with_first else None

    listed = np.asarray(used.any(axis=1) & marked_days, dtype=np.bool_)
    listed[[(day - term.start).days for day in school_days]] = True
    days = tuple(packed_row.date_of(base + number) for number in np.flatnonzero(listed).tolist())
    positions = np.flatnonzero(used[listed].any(axis=0))
    cells = len(rows) * len(days)
    # Where an entry of each place belongs in a table of positions by students by days; days that are not listed, behind its end.
    where = np.full((length, packed_row.POSITIONS), -1, dtype=np.int64)
    where[np.ix_(listed, positions)] = np.arange(len(days))[:, np.newaxis] + np.arange(len(positions)) * cells
    target = where.reshape(-1)[place]
    kept = target >= 0
    if not kept.all():
        student, target, value = student[kept], target[kept], value[kept]
    target = target + student * len(days)
    table = np.zeros(len(positions) * cells, dtype=np.uint16)
    table[target] = value
    kinds, values = _kinds(table.reshape(len(positions), cells), positions)
    shape = (len(rows), len(days))
    return Grid(days, kinds.reshape(shape), values, first, _touched(target, shape) if with_touched else None)


def standing_marks(rows: Sequence[bytes]) -> Ints:
    """How many marks stand in each row, on whatever day."""
    stands = np.frombuffer(b"".join(rows), ENTRY)["value"] != packed_row.TAKEN_BACK
    total = np.zeros(len(stands) + 1, dtype=np.int64)
    np.cumsum(stands, out=total[1:])
    lengths = np.fromiter(map(len, rows), np.int64, len(rows)) // packed_row.ENTRY
    ends = np.cumsum(lengths)
    sums: Ints = total[ends] - total[ends - lengths]
    return sums


def _touched(target: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.bool_]:
    touched = np.zeros(shape[0] * shape[1], dtype=np.bool_)
    touched[target % max(len(touched), 1)] = True
    return touched.reshape(shape)


def _first_days(student: NDArray[np.intp], place: Ints, students: int, base: int) -> Ints:
    here = np.flatnonzero(place % packed_row.POSITIONS != packed_row.CARRIED)
    # Rows have the latest day first, so a student's last entry is of the first day.
    firsts = here[np.flatnonzero(np.diff(student[here], append=-1))]
    first = np.full(students, NEVER, dtype=np.int64)
    first[student[firsts]] = place[firsts] // packed_row.POSITIONS + base
    return first


def _kinds(table: NDArray[np.uint16], positions: NDArray[np.intp]) -> tuple[NDArray[np.int32], Sequence[tuple[int, ...]]]:
    """The kind of every cell, and the values of each kind."""
    cells = table.shape[1]
    key, size = np.zeros(cells, dtype=np.int64), 1
    for column in table:
        rank, different = _dense(column, _VALUES)
        if size * len(different) > _LOOKED_UP:
            dense, kinds = _dense(key, size)
            key, size = dense.astype(np.int64), len(kinds)
        key = key * len(different) + rank
        size *= len(different)
    dense, distinct = _dense(key, size)
    example = np.zeros(len(distinct), dtype=np.int64)
    example[dense] = np.arange(cells)
    marked = (table[:, example].T.astype(np.int64) | positions << 16).tolist()
    return dense, [tuple(value for value in kind if value & 0xFFFF) for kind in marked]


def _dense(keys: NDArray[np.integer[Any]], size: int) -> tuple[NDArray[np.int32], Ints]:
    """Keys from 0 up to `size` as numbers without gaps, in the order of the keys; and the key of each number."""
    if size <= _LOOKED_UP:
        used = np.zeros(size, dtype=np.bool_)
        used[keys] = True
        return (np.cumsum(used, dtype=np.int32) - 1)[keys], np.flatnonzero(used)
    distinct, dense = np.unique(keys, return_inverse=True)
    return dense.astype(np.int32), distinct
