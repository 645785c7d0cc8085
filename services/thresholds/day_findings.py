"""What is missing or doubtful in the marks of one student's day. Pure.

A school has few different days (the same codes in the same slots of the same timetable), so each is looked at once: that makes a
report on thousands of students a matter of looking up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from services.thresholds import register
from services.thresholds.half_days import DayMarks, count_day, day_marks
from shared.attendance.calendar import SchoolCalendar, Slot, Term
from shared.attendance.codes import CodeTable

GapKind = Literal["unmarked", "unmarked-period"]
Shape = tuple[int, tuple[Slot, ...]]
"""How many half days a school is open on a day, and the day's timetable."""

UNEXPLAINED: Final = "?"


@dataclass(frozen=True, slots=True)
class Gap:
    """Half days or periods that nobody has marked; `part` says which, where it is not the whole day."""

    kind: GapKind
    count: int
    part: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One day: its gaps, how many marks are `?`, and the codes (each as often as it is marked) that are not valid all term."""

    gaps: tuple[Gap, ...]
    unexplained: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code used on a day on which it should not be, and what follows."""

    kind: Literal["retired-code", "unknown-code"]
    code: str
    detail: str


class DayFindings:
    """Looks at days of one school and term.

    `days` are the school days so far, in order, today among them; the first `ended` of them have ended. `numbers` are the same days
    as the register counts them.
    """

    def __init__(self, term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime) -> None:
        self.days: Sequence[date] = list(calendar.school_days(term, until=calendar.today(now)))
        self.numbers: Sequence[int] = [register.number_of(day) for day in self.days]
        self.ended = sum(day <= calendar.ended_through(now) for day in self.days)
        self._codes = codes
        shapes = [(calendar.open_half_days(day), calendar.slots_on(day)) for day in self.days]
        # A shape's place stands for it: a timetable would be hashed again for every student's every day.
        self._shapes: Sequence[Shape] = list(dict.fromkeys(shapes))
        self._shape_of = [self._shapes.index(shape) for shape in shapes]
        self._valid = frozenset(
            code.code for code in codes.by_code.values() if not self.days or (code.valid_on(self.days[0]) and code.valid_on(self.days[-1]))
        )
        self._found: dict[tuple[int, tuple[int, ...]], Finding] = {}

    def of(self, index: int, values: tuple[int, ...]) -> Finding:
        """What there is to say of the marks (`register.values_of_day`) of the `index`-th day."""
        shape = self._shape_of[index]
        found = self._found.get((shape, values))
        if found is None:
            found = self._found[shape, values] = self._look(self._shapes[shape], day_marks(values))
        return found

    def use(self, code: str, index: int) -> CodeUse | None:
        """What is wrong with a code on the `index`-th day, if anything is."""
        known = self._codes.by_code.get(code)
        if known is None:
            return CodeUse("unknown-code", code, f"{code} is no code; it counts as if not marked")
        if known.valid_on(self.days[index]):
            return None
        if known.becomes is not None:
            return CodeUse("retired-code", code, f"{code} is retired; it counts as {known.becomes}")
        return CodeUse("unknown-code", code, f"{code} is not in use on these days; it counts as ever ({known.code_class})")

    def _look(self, shape: Shape, marks: DayMarks) -> Finding:
        codes = [*marks.sessions.values(), *(code for code, _ in marks.slots.values())]
        return Finding(self._gaps(shape, marks), codes.count(UNEXPLAINED), tuple(code for code in codes if code not in self._valid))

    def _gaps(self, shape: Shape, marks: DayMarks) -> tuple[Gap, ...]:
        open_half_days, slots = shape
        count = count_day(marks, open_half_days, slots, self._codes)
        if count.unmarked == open_half_days:
            return (Gap("unmarked", open_half_days, ""),)
        if count.unmarked:
            missing = [session for session in ("AM", "PM") if marks.sessions.get(session) not in self._codes]
            return (Gap("unmarked", count.unmarked, missing[0] if count.rule == "sessions" else "one half day"),)
        if count.rule != "slots":
            return ()
        unmarked = [slot.name for slot in slots if slot.slot not in marks.slots or marks.slots[slot.slot][0] not in self._codes]
        return (Gap("unmarked-period", len(unmarked), ", ".join(unmarked)),) if unmarked else ()
