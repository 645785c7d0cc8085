"""The total if a half day, or a day, had another code. Pure: nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.day_reading import DayReader
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import THRESHOLDS, Threshold, level_of
from shared.attendance.timetable import BOTH, Opening, Session, sessions_of
from shared.events.data import Mark, VendorCount

LATER_THAN_ALL: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""A supposed mark goes before every mark that stands."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """A code on a day: in one session of it, or, for None, in the whole day."""

    day: date
    session: Session | None
    code: str


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold that would be reached (`up`), or taken back (`down`)."""

    threshold: Threshold
    direction: Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Half days before and after, and the thresholds between them, in the order they are passed."""

    before: int
    after: int

    @property
    def steps(self) -> list[Step]:
        """The thresholds passed."""
        low, high = level_of(self.before), level_of(self.after)
        if high > low:
            return [Step(threshold, "up") for threshold in THRESHOLDS[low:high]]
        return [Step(threshold, "down") for threshold in reversed(THRESHOLDS[high:low])]


def opens(opening: Opening, session: Session | None) -> bool:
    """Whether there is anything open that could have another code."""
    whole = [opening, *([opening.instead] if opening.instead else [])]
    return any(session in part.sessions if session else part.half_days > 0 for part in whole)


def suppose(row: bytes, what: Supposition, term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime) -> Outcome:
    """The term's total as it is, and as it would be; `calendar` is the student's own."""
    supposed = packed_row.merge(row, [packed_row.pack(mark, now) for mark in _marks(row, what, calendar, codes)])
    before, after = (attendance(marks, term, calendar, codes, now).absent for marks in (row, supposed))
    return Outcome(before, after)


def sentence(what: Supposition, outcome: Outcome, codes: CodeTable) -> str:
    """The outcome in words: `If Tue 17 Nov AM were present: 11 days, no step changes.`"""
    code_class = codes.class_of(what.code)
    effect = "present" if code_class == "present" else "left out" if code_class == "excluded" else f"absent ({what.code})"
    when = f"{what.day:%a} {what.day.day} {what.day:%b}{f' {what.session}' if what.session else ''}"
    steps = [f"the step at {step.threshold} days is {'reached' if step.direction == 'up' else 'taken back'}" for step in outcome.steps]
    return f"If {when} were {effect}: {outcome.after / 2:g} days, {', '.join(steps) or 'no step changes'}."


def _marks(row: bytes, what: Supposition, calendar: SchoolCalendar, codes: CodeTable) -> list[Mark]:
    """The marks that say so, of the kind that the school marks this day by."""
    opening = calendar.opening(what.day)
    values = packed_row.values_by_day(row).get(packed_row.number_of(what.day), ())
    places = {value >> 16 for value in values}
    if opening.instead is not None and what.session in opening.instead.sessions:
        opening = opening.instead
    sessions: Sequence[Session] = opening.sessions if what.session is None else (what.session,)
    by_slots = bool(opening.slots) and not places & {packed_row.AM, packed_row.PM}
    if by_slots:
        slots = [slot for slot, session in sessions_of(opening.slots).items() if session in sessions]
        marks = [Mark(student="", date=what.day, recorded_at=LATER_THAN_ALL, slot=slot, code=what.code) for slot in slots]
    else:
        marks = [Mark(student="", date=what.day, recorded_at=LATER_THAN_ALL, session=session, code=what.code) for session in sessions]
    if packed_row.VENDOR in places:
        read = DayReader(codes).read(values, opening, blanks_count=False, carried_counts=False)
        states = dict(zip(BOTH, (half.state for half in read.halves), strict=True))
        code_class = codes.class_of(what.code)
        supposed = "present" if code_class == "present" else "unmarked" if code_class == "excluded" else "absent"
        now_said = [supposed if session in sessions else states[session] for session in BOTH]
        count = VendorCount(now_said.count("absent"), 0, now_said.count("present"))
        marks.append(Mark(student="", date=what.day, recorded_at=LATER_THAN_ALL, half_days=count))
    return marks
