"""The days of a row in a column beside its marks: what lists and analyses ask, without unpacking the marks of a school. Pure.

    2 bytes   how many days the term has, closed ones included: n
    1 byte    the number of the most frequent cause, 0 without an absence
    n bytes   missed: a byte a day, 1 where the morning counts as absent, 2 the afternoon, 3 both. Its bits are half days: SQL adds them up
    n/8 bytes unexplained: a bit a day, the first day's the highest of the first byte: whether a `?` stands on it, in a half or a period
    1 byte    how many causes there are
    2 bytes   for each cause, the most frequent first: its number, and how many half days belong to it
    2 bytes   for each day, halves: morning and afternoon, 0 where the row has no entry of the day, else 1 + state * 29 + code; a fortnight
              at a time, as far as the row has entries

All of it is a function of the row, the calendar of its student and the codes, as the total is; `all_days` is the whole of it, and
`with_days` puts the days in that new marks have touched. Today's halves stand near the end, beside the marks of today: PostgreSQL logs a
row's new version from the first byte that differs to the last. See decision 40.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from services.thresholds.register import packed_row
from services.thresholds.register.attribution import BLANK, COUNTED, ELSEWHERE, Attribution, Cause, attribute, in_order
from services.thresholds.register.day_reading import Half, HalfState, halves_of
from services.thresholds.register.half_days import count_day, day_marks
from services.thresholds.register.unexplained import UNEXPLAINED
from shared.attendance.calendar import Classes, SchoolCalendar, Term, codes_of
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Opening

CODES: Final = packed_row.LAST_CODE + 1
"""Values of a half's code: none, and `?` to `Z`."""

STATES: Final[tuple[HalfState, ...]] = ("absent", "absent", "present", "excluded", "unmarked", "closed")
"""The states of a half. The second is an absence of which the marks do not tell the half: it stands in the morning."""

HALVES: Final = 1 + len(STATES) * CODES
"""The values of a byte of `halves`."""

ABSENT: Final = 0
UNTOLD: Final = 1

_BY_CODE: Final[Mapping[str | None, int]] = {packed_row.code_of(what << 10): what for what in range(CODES)}
_STATE: Final[Mapping[HalfState, int]] = {"absent": 0, "present": 2, "excluded": 3, "unmarked": 4, "closed": 5}
_OTHERS: Final = (
    Cause("unjustified", BLANK),
    Cause("justified", COUNTED),
    Cause("unjustified", COUNTED),
    Cause("justified", ELSEWHERE),
    Cause("unjustified", ELSEWHERE),
)
"""Causes without a code; they are numbered behind the codes."""

_SEEN: Final = 50_000

MORNING: Final = 1
AFTERNOON: Final = 2


MOSTLY_AT: Final = 2
MISSED_AT: Final = 3
"""Places in the column."""

STEP: Final = 14
"""Days by which `halves` grows. A column that grew every day would have another length, and its whole head would be logged each time."""


@dataclass(frozen=True, slots=True)
class KeptDays:
    """A column, read."""

    column: bytes

    @property
    def length(self) -> int:
        """The days of the term."""
        return int.from_bytes(self.column[:MOSTLY_AT], "big")

    @property
    def missed(self) -> bytes:
        """A byte a day: its bits are half days."""
        return self.column[MISSED_AT : MISSED_AT + self.length]

    @property
    def unexplained(self) -> bytes:
        """A bit a day."""
        return self.column[unexplained_at(self.length) : causes_at(self.length)]

    @property
    def halves(self) -> bytes:
        """Two bytes a day, of every day of the term."""
        return self.column[halves_at(self.column) :].ljust(2 * self.length, b"\0")

    @property
    def packed_causes(self) -> bytes:
        """Two bytes a cause: its number, and its half days."""
        return causes_in(self.column)

    def mostly(self, codes: CodeTable) -> tuple[Cause, int] | None:
        """The most frequent cause, and its half days; None without an absence."""
        number = self.column[MOSTLY_AT]
        return (cause_of(number, codes), self.packed_causes[1]) if number else None

    def causes(self, codes: CodeTable) -> tuple[tuple[Cause, int], ...]:
        """The causes of the absent half days as these codes class them, the most frequent one first."""
        packed = self.packed_causes
        return tuple((cause_of(packed[at], codes), packed[at + 1]) for at in range(0, len(packed), 2))


def unexplained_at(length: int) -> int:
    """Where the bits of unexplained days begin, in the column of a term of so many days."""
    return MISSED_AT + length


def causes_at(length: int) -> int:
    """Where the causes begin, with their number."""
    return unexplained_at(length) + (length + 7) // 8


def halves_at(column: bytes) -> int:
    """Where the halves begin, in this column."""
    causes = causes_at(column[0] << 8 | column[1])
    return causes + 1 + 2 * column[causes]


def causes_in(column: bytes) -> bytes:
    """Two bytes a cause: its number, and its half days."""
    causes = causes_at(column[0] << 8 | column[1])
    return column[causes + 1 : causes + 1 + 2 * column[causes]]


def bits_of(days: bytes) -> Iterator[int]:
    """The places of the days whose bit is set, in order."""
    return (8 * at + bit for at, byte in enumerate(days) if byte for bit in range(8) if byte << bit & 0x80)


def half_of(byte: int) -> Half | None:
    """The half that a byte of `halves` stands for; None where the row has no entry of the day."""
    return Half(STATES[(byte - 1) // CODES], packed_row.code_of((byte - 1) % CODES << 10)) if byte else None


def state_of(byte: int) -> int | None:
    """The place of its state among STATES."""
    return (byte - 1) // CODES if byte else None


def cause_of(number: int, codes: CodeTable) -> Cause:
    """The cause of a number in `causes`, as these codes class it."""
    code = packed_row.code_of(number << 10) if number < CODES else None
    if code is None:
        return _OTHERS[number - CODES]
    return Cause("justified" if code in codes and codes.class_of(code) == "justified" else "unjustified", code)


def numbers_of(code: str) -> bytes:
    """The numbers of the causes that a code, or `blank`, `counted`, `elsewhere`, may stand for in `causes`; none for any other word."""
    if code in _BY_CODE:
        return bytes([_BY_CODE[code]])
    return bytes(CODES + place for place, cause in enumerate(_OTHERS) if cause.code == code)


def length_of(term: Term) -> int:
    """The days of a term, closed ones included."""
    return (term.end - term.start).days + 1


@dataclass(frozen=True, slots=True)
class _Cell:
    halves: bytes
    missed: int
    unexplained: bool
    attribution: Attribution


class DayKeeper:
    """Makes the column of rows, by one table of codes and each school's classes of them."""

    def __init__(self, codes: CodeTable) -> None:
        self._codes = codes
        self._tables: dict[Classes, CodeTable] = {}
        # A school has few different days, and most marks say that a student was there.
        self._cell = lru_cache(50_000)(self._read)
        self._seen: dict[tuple[int, tuple[int, ...], bool], _Cell] = {}
        self._seen_by: tuple[SchoolCalendar, Term] | None = None

    def all_days(self, row: bytes, term: Term, calendar: SchoolCalendar, ended: date) -> bytes:
        """The column of a row. `ended`: the last day whose blanks count, at a school that reads them as truant."""
        first, length = packed_row.number_of(term.start), length_of(term)
        # Days of which every mark was taken back have a word, too.
        by_day = {day: values for day, values in packed_row.values_of_days(row) if 0 <= day - first < length}
        blanks = range(0)
        if calendar.choices_in(term).blanks_are_truant:
            here = (packed_row.day_of(entry) for entry in packed_row.entries(row) if not packed_row.is_carried(entry))
            begin = min((day for day in here if day in by_day), default=first + length)
            blanks = range(begin, packed_row.number_of(min(ended, term.end)) + 1)
            for day in calendar.school_days(term, until=ended):
                if (number := packed_row.number_of(day)) in blanks:
                    by_day.setdefault(number, ())
        missed, halves, causes = bytearray(length), bytearray(2 * length), list[Attribution]()
        unexplained = bytearray((length + 7) // 8)
        seen = self._seen_of(term, calendar)
        for number, values in by_day.items():
            of_day = number, values, number in blanks
            cell = seen.get(of_day)
            if cell is None:
                cell = seen[of_day] = self._cell_of(values, number, term, calendar, blanks_count=of_day[2])
            at = number - first
            missed[at] = cell.missed
            halves[2 * at : 2 * at + 2] = cell.halves
            if cell.unexplained:
                unexplained[at // 8] |= 0x80 >> at % 8
            if cell.missed:
                causes.append(cell.attribution)
        shown = _steps(max(by_day) - first + 1 if by_day else 0, length)
        return b"".join((length.to_bytes(2, "big"), _with_count(_packed(causes), bytes(missed + unexplained)), halves[: 2 * shown]))

    def _seen_of(self, term: Term, calendar: SchoolCalendar) -> dict[tuple[int, tuple[int, ...], bool], _Cell]:
        """The days that have been read by a calendar. Rows come school by school: it is the one of the row before, as a rule."""
        if self._seen_by is None or self._seen_by[0] is not calendar or self._seen_by[1] is not term or len(self._seen) > _SEEN:
            self._seen_by, self._seen = (calendar, term), {}
        return self._seen

    def with_days(self, column: bytes, row: bytes, touched: Iterable[int], term: Term, calendar: SchoolCalendar) -> bytes:
        """The column after marks of these days (counted from 1970) have changed the row: the others stay as they are.

        Not for schools that read blanks as truant, nor for a column of a term that was longer or shorter.
        """
        first, length = packed_row.number_of(term.start), length_of(term)
        was_absent = is_absent = False
        for number in touched:
            at = number - first
            if 0 <= at < length:
                cell = self._cell_of(packed_row.values_on(row, packed_row.date_of(number)), number, term, calendar)
                was_absent, is_absent = was_absent or column[MISSED_AT + at] > 0, is_absent or cell.missed > 0
                column = _with(column, MISSED_AT + at, bytes((cell.missed,)))
                column = _with_halves(column, at, length, cell.halves)
                place, bit = MISSED_AT + length + at // 8, 0x80 >> at % 8
                if bool(column[place] & bit) != cell.unexplained:
                    column = _with(column, place, bytes((column[place] ^ bit,)))
        # Most marks say that a student was there: then the causes are as they were.
        return self._with_causes(column, row, term, calendar) if was_absent or is_absent else column

    def without_marks(self, day: date, calendar: SchoolCalendar, term: Term) -> bytes:
        """The halves of a day of which a row has no entry, as long as its blanks do not count."""
        return self._cell_of((), packed_row.number_of(day), term, calendar).halves

    def plain_halves(self, values: tuple[int, ...], number: int, term: Term, calendar: SchoolCalendar) -> bytes | None:
        """The halves of a day of these values, None where it counts or stands unexplained; not where blanks count."""
        cell = self._cell_of(values, number, term, calendar)
        return None if cell.missed or cell.unexplained else cell.halves

    def fits(self, column: bytes | None, term: Term, calendar: SchoolCalendar) -> bool:
        """Whether `with_days` may put days into a column."""
        if column is None or calendar.choices_in(term).blanks_are_truant:
            return False
        return int.from_bytes(column[:MOSTLY_AT], "big") == length_of(term)

    def _with_causes(self, column: bytes, row: bytes, term: Term, calendar: SchoolCalendar) -> bytes:
        by_day, first, length = packed_row.values_by_day(row), packed_row.number_of(term.start), length_of(term)
        days = (first + at for at in range(length) if column[MISSED_AT + at])
        packed = _packed(self._cell_of(by_day.get(day, ()), day, term, calendar).attribution for day in days)
        return column[:MOSTLY_AT] + _with_count(packed, column[MISSED_AT : causes_at(length)]) + column[halves_at(column) :]

    def _cell_of(self, values: tuple[int, ...], number: int, term: Term, calendar: SchoolCalendar, *, blanks_count: bool = False) -> _Cell:
        choices = calendar.choices_in(term)
        opening = calendar.opening(packed_row.date_of(number))
        return self._cell(values, opening, blanks_count, choices.carried_absences_count, choices.code_classes)

    def _read(self, values: tuple[int, ...], opening: Opening, blanks_count: bool, carried_counts: bool, classes: Classes) -> _Cell:
        codes = self._tables.get(classes)
        if codes is None:
            codes = self._tables[classes] = codes_of(self._codes, classes)
        marks = day_marks(values)
        count = count_day(marks, opening, codes, blanks_count=blanks_count, carried_counts=carried_counts)
        attribution = attribute(marks, count, codes)
        halves = halves_of(marks, count, attribution, codes)
        missed = sum(bit for half, bit in zip(halves, (MORNING, AFTERNOON), strict=True) if half.state == "absent")
        told = count.absent != 1 or attribution.part == ("morning" if missed == MORNING else "afternoon")
        unexplained = any(packed_row.code_of(value & 0xFFFF) == UNEXPLAINED for value in values)
        return _Cell(bytes(_byte_of(half, told=told) for half in halves), missed, unexplained, attribution)


def with_plain_halves(column: bytes, at: int, length: int, halves: bytes) -> bytes | None:
    """The column with the halves of the `at`-th of `length` days, which neither counts nor stands unexplained; None where it did."""
    if column[MISSED_AT + at] or column[MISSED_AT + length + at // 8] & 0x80 >> at % 8:
        return None
    return _with_halves(column, at, length, halves)


def _with_halves(column: bytes, at: int, length: int, halves: bytes) -> bytes:
    """The column with the halves of the `at`-th of `length` days, as long as it takes."""
    begin = halves_at(column)
    if begin + 2 * at >= len(column):
        column = column.ljust(begin + 2 * _steps(at + 1, length), b"\0")
    return _with(column, begin + 2 * at, halves)


def _steps(days: int, length: int) -> int:
    """The number of days whose halves are kept where these many are needed, in a term of `length`."""
    return min(-(-days // STEP) * STEP, length)


def _with_count(packed_causes: bytes, days: bytes) -> bytes:
    """The numbers between a column's length and its halves. `days`: missed, and unexplained."""
    return (packed_causes[:1] or b"\0") + days + bytes((len(packed_causes) // 2,)) + packed_causes


def _with(column: bytes, at: int, part: bytes) -> bytes:
    """The column with a part in its place; the same object where it is there already."""
    return column if column.startswith(part, at) else column[:at] + part + column[at + len(part) :]


def _byte_of(half: Half, *, told: bool) -> int:
    state = UNTOLD if half.state == "absent" and not told else _STATE[half.state]
    return 1 + state * CODES + _BY_CODE[half.code]


def _packed(days: Iterable[Attribution]) -> bytes:
    return b"".join(bytes((_number_of(cause), half_days)) for cause, half_days in in_order(days))


def _number_of(cause: Cause) -> int:
    return _BY_CODE[cause.code] if cause.code in _BY_CODE else CODES + _OTHERS.index(cause)
