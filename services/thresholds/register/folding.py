"""The total of a register row: always a function of the row and the calendar, never a counter that could drift."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from services.thresholds.register import packed_row
from services.thresholds.register.attribution import attribute
from services.thresholds.register.half_days import count_day, day_marks
from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.register.uncounted import Uncounted
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Opening

_VALUES: Final = 256
_REMEMBERED_DAYS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Absences:
    """The days of a term with an absence: (date, half days) in order of date."""

    days: tuple[tuple[date, int], ...]

    @property
    def half_days(self) -> int:
        """The student's total for the term."""
        return sum(count for _, count in self.days)

    def reached_on(self, half_days: int) -> date:
        """The day on which the total, counted up by date, reached so many half days. Raises ValueError if it did not."""
        total = 0
        for day, count in self.days:
            total += count
            if total >= half_days:
                return day
        raise ValueError(f"the total is {total}, under {half_days}")


class Folder:
    """Folds rows into totals, by one table of codes. `as_believed` answers how much of a time to believe: what comes after is not blank."""

    def __init__(self, codes: CodeTable, as_believed: Callable[[datetime], datetime] = lambda now: now) -> None:
        self.codes = codes
        self.days = DayKeeper(codes)
        self._as_believed = as_believed
        # Most days of most students have no absence; this marks, by a value's upper byte, the ones that are worth a look.
        self._worth_a_look = bytes(self._may_be_absent(byte >> 2) for byte in range(_VALUES))
        # A school has few different days: the same codes in the same slots of the same timetable.
        self._absent = lru_cache(_REMEMBERED_DAYS)(self._count)
        self._ill = lru_cache(_REMEMBERED_DAYS)(self._count_illness)

    def absences(self, row: bytes, term: Term, calendar: SchoolCalendar, now: datetime) -> Absences:
        """The days of the term on which the student was absent. Marks of other days, and of closed ones, do not count.

        `now` matters to schools that read blanks as truant: days that have ended by then count what nobody marked.
        """
        choices = calendar.choices_in(term)
        if choices.blanks_are_truant:
            return self._with_blanks(row, term, calendar, self.ended(calendar, now))
        days: list[tuple[date, int]] = []
        flags = row[packed_row.VALUE_AT :: packed_row.ENTRY].translate(self._worth_a_look)
        last = -1
        index = flags.find(1)
        while index >= 0:
            number = packed_row.day_of(row[index * packed_row.ENTRY : index * packed_row.ENTRY + packed_row.PLACE])
            if number != last:
                last = number
                day = packed_row.date_of(number)
                opening = calendar.opening(day) if day in term else None
                if opening is not None and (opening.closed is None or opening.instead is not None or choices.carried_absences_count):
                    values = packed_row.values_of_day(row, index)
                    absent = self._absent(values, opening, False, choices.carried_absences_count)
                    if absent:
                        days.append((day, absent))
            index = flags.find(1, index + 1)
        # The row has the latest day first.
        return Absences(tuple(reversed(days)))

    def ended(self, calendar: SchoolCalendar, now: datetime) -> date:
        """The last day of which nobody doubts that it has ended."""
        return calendar.ended_through(self._as_believed(now))

    def uncounted(self, term: Term, calendar: SchoolCalendar) -> Uncounted:
        """The quick way of marks that count no absence, for rows of this term and calendar."""
        return Uncounted(self.days, self._worth_a_look, term, calendar)

    def illness_half_days(self, row: bytes, absences: Absences, calendar: SchoolCalendar) -> int:
        """How many of a term's absent half days are put down to illness. An unmarked half day never is."""
        by_day = packed_row.values_by_day(row)
        return sum(self._ill(by_day.get(packed_row.number_of(day), ()), calendar.opening(day)) for day, _ in absences.days)

    def _with_blanks(self, row: bytes, term: Term, calendar: SchoolCalendar, ended: date) -> Absences:
        """Every school day from the student's first mark here on. Before it, nobody can say that the student was on the roll."""
        marked: dict[date, int] = {}
        carried: set[date] = set()
        first: date | None = None
        for index, entry in enumerate(packed_row.entries(row)):
            day = packed_row.date_of(packed_row.day_of(entry))
            marked.setdefault(day, index)
            if day in term and packed_row.is_carried(entry):
                carried.add(day)
            elif day in term:
                first = day
        days: list[tuple[date, int]] = []
        for day in sorted({*calendar.school_days(term), *carried}):
            blanks_count = first is not None and first <= day <= ended
            if day not in carried and (first is None or day < first):
                continue
            values = packed_row.values_of_day(row, marked[day]) if day in marked else ()
            counts = calendar.choices_in(term).carried_absences_count
            absent = self._absent(values, calendar.opening(day), blanks_count, counts)
            if absent:
                days.append((day, absent))
        return Absences(tuple(days))

    def _count(self, values: tuple[int, ...], opening: Opening, blanks_count: bool, carried_counts: bool) -> int:
        return count_day(day_marks(values), opening, self.codes, blanks_count=blanks_count, carried_counts=carried_counts).absent

    def _count_illness(self, values: tuple[int, ...], opening: Opening) -> int:
        marks = day_marks(values)
        causes = attribute(marks, count_day(marks, opening, self.codes), self.codes).causes
        return sum(half_days for cause, half_days in causes if self.codes.is_illness(cause.code))

    def _may_be_absent(self, what: int) -> bool:
        code = packed_row.code_of(what << 10)
        if code is not None:
            return self.codes.is_absence(code)
        count = packed_row.count_of(what << 10)
        return count is not None and count.unjustified + count.justified > 0
