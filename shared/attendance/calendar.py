"""When a school is open: its terms, and for each day how many half days it may lose."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.attendance.codes import CodeClass, CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Opening, Slot, Timetable, opened
from shared.clock import HOME_ZONE

SATURDAY: Final = 5

Classes = tuple[tuple[str, CodeClass], ...]
"""The classes that a school has chosen for codes, where that is open, in order."""

END_OF_DAY: Final = time(18)
"""Local time from which a day's marks are taken as complete: when the Ministry collects them."""


@dataclass(frozen=True, slots=True)
class Term:
    """A school term; `start` and `end` are its first and last day, both included."""

    name: str
    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


def codes_of(codes: CodeTable, classes: Classes) -> CodeTable:
    """The table as the choices of a term have it: take the classes from `SchoolCalendar.choices_in`."""
    return codes.with_classes(dict(classes))


@dataclass(frozen=True, slots=True)
class TermChoices:
    """The undated choices by which the days of a term count: its timetables, what counts as an absence, and of which class."""

    timetables: tuple[Timetable, ...] = ()
    blanks_are_truant: bool = False
    carried_absences_count: bool = False
    code_classes: Classes = ()


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When a school is open, its timetable, and its choices of what counts.

    `terms` and `timetables` are in order; terms do not overlap. `day_slots` has the slots of days that follow no timetable.
    `closed_days` has public holidays in it; `holiday_names` says which. `half_days` are days on which the school is open for one half
    day only. With `blanks_are_truant`, what is not marked by the end of a day counts as an absence. With `carried_absences_count`,
    absences that a student brought from another school count. `past`, by the names of terms: the choices of terms that are over, which
    stay when the school chooses anew. `enrolment`: the calendar is that of a student (`for_student`), and its openings are what is open
    for them.
    """

    terms: tuple[Term, ...]
    closed_days: frozenset[date] = frozenset()
    half_days: frozenset[date] = frozenset()
    timetables: tuple[Timetable, ...] = ()
    day_slots: Mapping[date, tuple[Slot, ...]] = field(default_factory=dict, hash=False)
    timezone: str = HOME_ZONE
    blanks_are_truant: bool = False
    carried_absences_count: bool = False
    holiday_names: Mapping[date, str] = field(default_factory=dict, compare=False)
    past: Mapping[str, TermChoices] = field(default_factory=dict, hash=False)
    code_classes: Classes = ()
    enrolment: Enrolment | None = None
    _starts: tuple[date, ...] = field(init=False, repr=False, compare=False)
    _choices: TermChoices = field(init=False, repr=False, compare=False)
    _school_days: list[date] = field(init=False, repr=False, compare=False, default_factory=list)
    _openings: dict[date, Opening] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(term.start for term in self.terms))
        choices = TermChoices(self.timetables, self.blanks_are_truant, self.carried_absences_count, self.code_classes)
        object.__setattr__(self, "_choices", choices)

    def opening(self, day: date) -> Opening:
        """The opening of a day. Whether the day lies in a term is not asked here."""
        opening = self._openings.get(day)
        if opening is None:
            half_days = self.open_half_days(day)
            opening = self._openings[day] = opened(half_days, self.slots_on(day) if half_days else ())
        return opening if self.enrolment is None else self.enrolment.opening(day, opening)

    def for_student(self, enrolment: Enrolment | None, term: Term) -> "SchoolCalendar":
        """The calendar as it is for a student in a term; the same one for a student who is on the roll and attends throughout."""
        if enrolment is None or enrolment.is_whole(term.start, term.end):
            return self
        own = replace(self, enrolment=enrolment)
        object.__setattr__(own, "_openings", self._openings)
        return own

    def choices_in(self, term: Term | None) -> TermChoices:
        """The choices by which a term counts: those of its time for a term that is over, else the school's own."""
        return self._choices if term is None else self.past.get(term.name, self._choices)

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """The slots of a day: its own, or those of the timetable that holds; empty where the school has none."""
        if day in self.day_slots:
            return self.day_slots[day]
        holding = None
        for timetable in self.choices_in(self.term_on(day) if self.past else None).timetables:
            if timetable.start is not None and timetable.start > day:
                break
            holding = timetable
        if holding is None:
            return ()
        if holding.cycle:
            return holding.cycle[self._day_of_cycle(holding, day)]
        return dict(holding.weekdays).get(day.weekday(), holding.slots)

    def _day_of_cycle(self, timetable: Timetable, day: date) -> int:
        """The place of a day in a timetable's cycle, counted in school days of the terms."""
        if not self._school_days:
            # At once, as threads share a calendar.
            self._school_days[:] = [day for term in self.terms for day in self.school_days(term)]
        starts = [start for start in (timetable.start or date.min, *timetable.cycle_starts) if start <= day]
        passed = bisect_left(self._school_days, day) - bisect_left(self._school_days, max(starts))
        return passed % len(timetable.cycle)

    def ended_through(self, now: datetime) -> date:
        """The last day that has ended at the school: today from six in the evening on, else yesterday."""
        local = now.astimezone(ZoneInfo(self.timezone))
        return local.date() if local.time() >= END_OF_DAY else local.date() - timedelta(days=1)

    def term_on(self, day: date) -> Term | None:
        """The term that a day lies in, closed or not; None in the holidays."""
        at = bisect_right(self._starts, day) - 1
        return self.terms[at] if at >= 0 and day in self.terms[at] else None

    def term_named(self, name: str) -> Term | None:
        """The term of that name."""
        return next((term for term in self.terms if term.name == name), None)

    def current_or_last_term(self, today: date) -> Term | None:
        """The term of today, or the last that began before it; the first one before any has begun."""
        at = bisect_right(self._starts, today) - 1
        return self.terms[max(at, 0)] if self.terms else None

    def current_or_next_term(self, today: date) -> Term | None:
        """The term of today, or the next that begins after it; None when none is known to come."""
        return next((term for term in self.terms if term.end >= today), None)

    def open_half_days(self, day: date) -> int:
        """How many half days the school is open on a day: 0, 1 or 2. Whether the day lies in a term is not asked here."""
        if day.weekday() >= SATURDAY or day in self.closed_days:
            return 0
        return 1 if day in self.half_days else 2

    def school_days(self, term: Term, until: date | None = None) -> Iterator[date]:
        """The days of a term on which the school is open, in order, up to and with `until`."""
        last = min(term.end, until) if until is not None else term.end
        day = term.start
        while day <= last:
            if self.open_half_days(day):
                yield day
            day += timedelta(days=1)

    def today(self, now: datetime) -> date:
        """The date at the school."""
        return now.astimezone(ZoneInfo(self.timezone)).date()
