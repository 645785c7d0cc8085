"""Half days of all students and days of a term at once, from the days that are kept beside the marks. Pure.

The day rule has spoken when the days were kept: here its answers are looked up, half by half, as a table of students by days.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.grid import shapes_of
from services.thresholds.register.attribution import Cause, DayPart
from services.thresholds.register.day_reading import Half
from services.thresholds.register.kept_days import HALVES, UNTOLD, cause_of, causes_in, half_of, halves_at, length_of, state_of
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment

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
    columns: Sequence[bytes], term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime, enrolments: Enrolments = ()
) -> HalfDays:
    """The half days of a term so far, from its kept days (empty without a row); rows are students, in the order given, as are their
    enrolments."""
    today, length = calendar.today(now), length_of(term)
    halves, causes = _halves(columns, length), _causes(columns, codes)
    first = term.start.toordinal()
    open_days = np.zeros(length, dtype=np.bool_)
    open_days[[day.toordinal() - first for day in calendar.school_days(term, until=today)]] = True
    touched = (halves[:, :, 0] > 0) | (halves[:, :, 1] > 0)
    # The school days so far, and every other day of the term that has marks.
    shown = np.flatnonzero(open_days | touched.any(axis=0))
    days = tuple(date.fromordinal(first + at) for at in shown.tolist())
    halves, touched = halves[:, shown], touched[:, shown]
    absent = _ABSENT[halves].sum(axis=2, dtype=np.int8)
    # Of a day without a mark, only the calendar speaks: it is unmarked, if it has come.
    shapes, shape_of = shapes_of(days, calendar, term, enrolments)
    unmarked = np.asarray([0 if shape.closed is not None else shape.half_days for shape in shapes] or [0], dtype=np.int8)[shape_of]
    unmarked = np.where(touched | np.asarray([day > today for day in days], dtype=np.bool_), 0, unmarked)
    told = _TOLD[halves].astype(np.int8) * np.expand_dims(absent == 1, 2)
    return HalfDays(
        days=days,
        absent=absent,
        attended=_PRESENT[halves].sum(axis=2, dtype=np.int8),
        excluded=_EXCLUDED[halves].sum(axis=2, dtype=np.int8),
        unmarked=(unmarked + _UNMARKED[halves].sum(axis=2, dtype=np.int8)).astype(np.int8),
        part=(told @ np.array([MORNING, AFTERNOON], dtype=np.int8)).astype(np.int8),
        causes=causes[0],
        by_cause=causes[1],
    )


def count_school_days(columns: Sequence[bytes], term: Term, days: Sequence[date]) -> tuple[HalfDayTable, HalfDayTable]:
    """Half days absent, and half days marked as attended or absent, of some days of a term, from its kept days."""
    halves = _halves(columns, length_of(term))[:, [(day - term.start).days for day in days]]
    absent: HalfDayTable = _ABSENT[halves].sum(axis=2, dtype=np.int8)
    counted: HalfDayTable = absent + _PRESENT[halves].sum(axis=2, dtype=np.int8)
    return absent, counted


def has_marks(columns: Sequence[bytes], term: Term) -> list[bool]:
    """Whether any mark of a student's term has not been taken back."""
    stands: NDArray[np.bool_] = _STANDS[_halves(columns, length_of(term))].reshape(len(columns), 2 * length_of(term))
    return [bool(number) for number in np.count_nonzero(stands, axis=1).tolist()]


def _flags(which: Callable[[Half, int], bool]) -> NDArray[np.bool_]:
    """For each byte of kept halves, whether it is such a half."""
    flags = np.zeros(256, dtype=np.bool_)
    for byte in range(1, HALVES):
        half, state = half_of(byte), state_of(byte)
        assert half is not None and state is not None
        flags[byte] = which(half, state)
    return flags


_ABSENT: Final = _flags(lambda half, _: half.state == "absent")
_PRESENT: Final = _flags(lambda half, _: half.state == "present")
_EXCLUDED: Final = _flags(lambda half, _: half.state == "excluded")
_UNMARKED: Final = _flags(lambda half, _: half.state == "unmarked")
_TOLD: Final = _flags(lambda half, state: half.state == "absent" and state != UNTOLD)
_STANDS: Final = _flags(lambda half, _: half.code is not None or half.state not in ("unmarked", "closed"))


def _halves(columns: Sequence[bytes], length: int) -> NDArray[np.uint8]:
    """The kept halves: students by days by morning and afternoon. A student without a row has none."""
    size = 2 * length
    nothing = bytes(size)
    # A column of another term's length, until its school's calendar has been applied, may have more.
    joined = b"".join([column[halves_at(column) :].ljust(size, b"\0")[:size] if column else nothing for column in columns])
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(columns), length, 2)


def _causes(columns: Sequence[bytes], codes: CodeTable) -> tuple[tuple[Cause, ...], NDArray[np.int32]]:
    """The causes that there are, and how many half days of each a student has."""
    packed = [causes_in(column) if column else b"" for column in columns]
    pairs = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(-1, 2)
    students = np.repeat(np.arange(len(columns)), [len(own) // 2 for own in packed])
    numbers = np.unique(pairs[:, 0]).tolist()
    causes = tuple(sorted(cause_of(number, codes) for number in numbers))
    place = np.zeros(256, dtype=np.intp)
    for number in numbers:
        place[number] = causes.index(cause_of(number, codes))
    by_cause = np.zeros((len(columns), len(causes)), dtype=np.int32)
    by_cause[students, place[pairs[:, 0]]] = pairs[:, 1]
    return causes, by_cause
