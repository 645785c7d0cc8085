"""A student's attendance in a term, day by day, with the rule behind every number. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, Literal

from services.thresholds.attendance.explanation import differences, explain
from services.thresholds.register import packed_row
from services.thresholds.register.attribution import Attribution, Cause, attribute, in_order
from services.thresholds.register.day_reading import Half, halves_of
from services.thresholds.register.half_days import DayCount, DayMarks, count_day
from services.thresholds.register.packed_row import Entry
from services.thresholds.register.repository.corrections import Correction
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable

Category = Literal["regular", "irregular", "moderate", "chronic"]

FLOORS: Final[tuple[tuple[Category, int], ...]] = (("regular", 90), ("irregular", 80), ("moderate", 70))
"""A category begins above this share of half days attended, in per cent; exactly 90% is irregular."""


@dataclass(frozen=True, slots=True)
class DaySpan:
    """From one day to another, both included; no days at all where there is no first one."""

    first: date | None
    last: date | None

    def __contains__(self, day: date) -> bool:
        return self.first is not None and self.last is not None and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the term: what stands marked, what it counts, and why; what the absences belong to, and the two halves."""

    day: date
    marks: tuple[Entry, ...]
    count: DayCount
    explanation: str
    attribution: Attribution
    halves: tuple[Half, Half]
    history: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """A term's days so far, and their sums in half days.

    absent + attended + excluded + unmarked is what the school was open for, up to today.
    """

    days: tuple[Day, ...]

    @property
    def absent(self) -> int:
        """Half days absent, justified or not: what STAR counts."""
        return sum(day.count.absent for day in self.days)

    @property
    def attended(self) -> int:
        """Half days marked as present."""
        return sum(day.count.attended for day in self.days)

    @property
    def excluded(self) -> int:
        """Half days that count neither way: exam leave."""
        return sum(day.count.excluded for day in self.days)

    @property
    def unmarked(self) -> int:
        """Half days that nobody has marked yet."""
        return sum(day.count.unmarked for day in self.days)

    @property
    def open(self) -> int:
        """Half days that the school was open, so far."""
        return self.absent + self.attended + self.excluded + self.unmarked

    @property
    def rate(self) -> float | None:
        """The share of half days attended, of those marked as attended or absent; None before there are any."""
        counted = self.absent + self.attended
        return round(self.attended / counted, 4) if counted else None

    @property
    def category(self) -> Category | None:
        """The Ministry's category for that share; None before any half day is marked."""
        counted = self.absent + self.attended
        if not counted:
            return None
        # In whole numbers: a share of exactly 90% must not become regular by rounding.
        return next((name for name, floor in FLOORS if self.attended * 100 > floor * counted), "chronic")

    @property
    def causes(self) -> tuple[tuple[Cause, int], ...]:
        """The causes of the absent half days, the most frequent one first."""
        return in_order(day.attribution for day in self.days)

    def differences(self) -> list[str]:
        """Why another system may arrive at another number."""
        return differences([(_day_marks(day.marks), day.count) for day in self.days])


def attendance(
    row: bytes, term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime, corrections: Sequence[Correction] = ()
) -> Attendance:
    """Every school day of the term so far on which the student was to be there, and every other day of it that has marks."""
    marked = {day: tuple(entries) for day, entries in groupby(packed_row.unpack(row), key=lambda entry: entry.day) if day in term}
    here = (day for day in calendar.school_days(term, until=calendar.today(now)) if calendar.opening(day).closed is None)
    days = sorted({*marked, *here})
    blanks = _days_whose_blanks_count(marked, term, calendar, now)
    return Attendance(tuple(_day(day, marked.get(day, ()), calendar, codes, day in blanks, corrections) for day in days))


def _days_whose_blanks_count(marked: Mapping[date, tuple[Entry, ...]], term: Term, calendar: SchoolCalendar, now: datetime) -> DaySpan:
    if not calendar.choices_in(term).blanks_are_truant or not marked:
        return DaySpan(None, None)
    here = [day for day, entries in marked.items() if any(entry.kind != "carried" for entry in entries)]
    return DaySpan(min(here, default=None), calendar.ended_through(now))


def _day(
    day: date,
    entries: tuple[Entry, ...],
    calendar: SchoolCalendar,
    codes: CodeTable,
    blanks_count: bool,
    corrections: Sequence[Correction],
) -> Day:
    standing = tuple(entry for entry in entries if entry.code is not None or entry.count is not None)
    marks = _day_marks(standing)
    counts = calendar.choices_in(calendar.term_on(day)).carried_absences_count
    count = count_day(marks, calendar.opening(day), codes, blanks_count=blanks_count, carried_counts=counts)
    explanation = explain(marks, count, codes, calendar.holiday_names.get(day), _roll(day, calendar))
    history = tuple(correction for correction in corrections if packed_row.unpack_place(correction.place)[0] == day)
    attribution = attribute(marks, count, codes)
    return Day(day, standing, count, explanation, attribution, halves_of(marks, count, attribution, codes), history)


def _roll(day: date, calendar: SchoolCalendar) -> str | None:
    """Why the student was not on the roll on a day, as the dates of the stays say."""
    if calendar.enrolment is None or calendar.enrolment.on_roll(day):
        return None
    before = [stay.last for stay in calendar.enrolment.stays if stay.last is not None and stay.last < day]
    after = [stay.first for stay in calendar.enrolment.stays if stay.first is not None and stay.first > day]
    facts = [f"left on {_in_words(max(before))}"] if before else []
    facts += [f"{'came back' if before else 'joined'} on {_in_words(min(after))}"] if after else []
    return f"The student {' and '.join(facts)}"


def _in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def marks_of(day: Day) -> DayMarks:
    """The marks that stand for a day, as the rules read them."""
    return _day_marks(day.marks)


def _day_marks(standing: Sequence[Entry]) -> DayMarks:
    return DayMarks(
        sessions={entry.session: entry.code for entry in standing if entry.session and entry.code},
        slots={entry.slot: (entry.code, entry.minutes) for entry in standing if entry.slot and entry.code},
        vendor=next((entry.count for entry in standing if entry.kind == "vendor"), None),
        carried=next((entry.count for entry in standing if entry.kind == "carried"), None),
    )
