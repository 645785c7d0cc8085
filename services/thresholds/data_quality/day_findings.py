"""The findings of one student's day: marks that are missing or doubtful. Pure.

A school has few different days (the same codes in the same slots of the same timetable): each is looked at once for all students.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from services.thresholds.analysis.counting import Enrolments
from services.thresholds.analysis.grid import shapes_of
from services.thresholds.register.half_days import DayCount, DayMarks, count_day, day_marks
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable

GapKind = Literal["unmarked", "unmarked-period"]
UNEXPLAINED: Final = "?"


@dataclass(frozen=True, slots=True)
class Gap:
    """Half days or periods that nobody has marked; `part` says which, where it is not the whole day."""

    kind: GapKind
    count: int
    part: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The findings of one day: its gaps, the number of `?` marks, and the codes (each as often as marked) that are not valid all term.

    `differs`: the day's own count and its codes, where they say different things. `outside`: the number of marks of a day on which the
    student is not on the roll.
    """

    gaps: tuple[Gap, ...]
    unexplained: int
    codes: tuple[str, ...]
    differs: str = ""
    outside: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the day is in order."""
        return not (self.gaps or self.unexplained or self.codes or self.differs or self.outside)


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code used on a day on which it should not be, and what follows."""

    kind: Literal["retired-code", "unknown-code"]
    code: str
    detail: str


class DayFindings:
    """Looks at days of one school and term.

    `days` are the school days so far, in order, today among them; the first `ended` of them have ended. `shape_of` says which of their
    shapes (open half days and timetable) each has.
    """

    def __init__(self, term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime, enrolments: Enrolments = ()) -> None:
        self.days: Sequence[date] = list(calendar.school_days(term, until=calendar.today(now)))
        self.ended = sum(day <= calendar.ended_through(now) for day in self.days)
        self._codes = codes
        self._shapes, self.shape_of = shapes_of(self.days, calendar, term, enrolments)
        self._valid = frozenset(
            code.code for code in codes.by_code.values() if not self.days or (code.valid_on(self.days[0]) and code.valid_on(self.days[-1]))
        )

    def of(self, values: tuple[int, ...], shape: int) -> Finding:
        """The findings of a day of that shape with these marks (`register.values_of_day`)."""
        marks = day_marks(values)
        codes = [*marks.sessions.values(), *(code for code, _ in marks.slots.values())]
        count = count_day(marks, self._shapes[shape], self._codes)
        if count.rule == "not-on-roll":
            return Finding((), 0, (), outside=len(values))
        wrong = tuple(code for code in codes if code not in self._valid)
        return Finding(self._gaps(count, marks), codes.count(UNEXPLAINED), wrong, _difference(count, marks))

    def use(self, code: str, index: int) -> CodeUse | None:
        """The misuse of a code on the `index`-th day; None where it is in order."""
        entry = self._codes.by_code.get(code)
        if entry is None:
            return CodeUse("unknown-code", code, f"{code} is no code; it counts as if not marked")
        if entry.valid_on(self.days[index]):
            return None
        if entry.becomes is not None:
            return CodeUse("retired-code", code, f"{code} is retired; it counts as {entry.becomes}")
        return CodeUse("unknown-code", code, f"{code} is not in use on these days; it counts as ever ({entry.code_class})")

    def _gaps(self, count: DayCount, marks: DayMarks) -> tuple[Gap, ...]:
        opening = count.opening
        if count.unmarked and count.unmarked == opening.half_days:
            return (Gap("unmarked", count.unmarked, ""),)
        if count.unmarked:
            missing = [session for session in opening.sessions if marks.sessions.get(session) not in self._codes]
            return (Gap("unmarked", count.unmarked, missing[0] if count.rule == "sessions" else "one half day"),)
        if count.rule != "slots":
            return ()
        unmarked = [slot.name for slot in opening.slots if slot.slot not in marks.slots or marks.slots[slot.slot][0] not in self._codes]
        return (Gap("unmarked-period", len(unmarked), ", ".join(unmarked)),) if unmarked else ()


def _difference(count: DayCount, marks: DayMarks) -> str:
    if not count.differs or count.codes is None or marks.vendor is None:
        return ""
    vendor = marks.vendor
    counted = f"{vendor.unjustified} unjustified, {vendor.justified} justified, {vendor.present} present"
    return f"the system counted {counted}, which makes {count.absent} absent; its codes make {count.codes.absent}"
