"""A student's term at a glance, for lists: the last ten school days, how the total moves, and mostly why. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final

from services.thresholds.register.attribution import Cause
from services.thresholds.register.day_reading import SHUT, Half
from services.thresholds.register.kept_days import AFTERNOON, HALVES, MORNING, DayKeeper, KeptDays, half_of, length_of
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable

FORTNIGHT: Final = 10
"""School days."""

_ATTENDED: Final = bytes(half is not None and half.state == "present" for half in map(half_of, range(HALVES))).ljust(256, b"\0")
BOTH: Final = MORNING | AFTERNOON
_NO_ROW: Final = KeptDays(bytes(4))


@dataclass(frozen=True, slots=True)
class Movement:
    """The half days that the last ten school days have added to the total, and those that the ten before them had added."""

    last: int
    before: int

    @property
    def rising(self) -> bool:
        """Whether more is missed than in the fortnight before."""
        return self.last > self.before


@dataclass(frozen=True, slots=True)
class Glance:
    """A term at a glance. `squares`: the halves of the last school days as `kept_days` has them. `mostly`: the most frequent cause, and its
    half days."""

    squares: bytes
    movement: Movement
    mostly: tuple[Cause, int] | None
    absent: int
    attended: int

    @property
    def rate(self) -> float | None:
        """The share of half days attended, of those marked as attended or absent; None before there are any."""
        counted = self.absent + self.attended
        return round(self.attended / counted, 4) if counted else None

    @property
    def halves(self) -> list[tuple[Half, Half]]:
        """The squares as halves."""
        read = [half_of(byte) or SHUT[0] for byte in self.squares]
        return list(zip(read[::2], read[1::2], strict=True))


@dataclass(kw_only=True)
class Glancer:
    """Looks at the days of one school's term, as of `now`."""

    term: Term
    calendar: SchoolCalendar
    codes: CodeTable
    keeper: DayKeeper
    now: datetime
    last_days: tuple[date, ...] = field(init=False)
    days_before: tuple[date, ...] = field(init=False)
    _last: list[int] = field(init=False)
    _last_bits: int = field(init=False)
    _before_bits: int = field(init=False)
    _blank: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        days = tuple(self.calendar.school_days(self.term, until=self.calendar.today(self.now)))
        self.last_days, self.days_before = days[-FORTNIGHT:], days[-2 * FORTNIGHT : -FORTNIGHT]
        self._last = self.offsets(self.last_days)
        self._last_bits, self._before_bits = self._bits(self.last_days), self._bits(self.days_before)
        self._blank = self._without_marks(self.calendar)

    def look(self, column: bytes | None, calendar: SchoolCalendar) -> Glance:
        """All of it, from the days of a row (None without a row); `calendar` is the student's own."""
        kept = _NO_ROW if column is None else KeptDays(column)
        missed, halves = int.from_bytes(kept.missed, "big"), kept.halves
        return Glance(
            squares=b"".join(self._squares(halves, calendar)),
            movement=Movement((missed & self._last_bits).bit_count(), (missed & self._before_bits).bit_count()),
            mostly=kept.mostly(self.codes),
            absent=missed.bit_count(),
            attended=halves.translate(_ATTENDED).count(1),
        )

    def offsets(self, days: Sequence[date]) -> list[int]:
        """The places of days, counted from the first of the term."""
        first = self.term.start.toordinal()
        return [day.toordinal() - first for day in days]

    def runs(self, days: Sequence[date]) -> list[tuple[int, int]]:
        """The same as runs of days: where each begins, and how many they are."""
        runs = groupby(enumerate(self.offsets(days)), key=lambda pair: pair[1] - pair[0])
        return [(run[0][1], len(run)) for _, group in runs if (run := list(group))]

    def _squares(self, halves: bytes, calendar: SchoolCalendar) -> Iterable[bytes]:
        # Of a day without an entry, only the calendar speaks.
        blank = self._blank if calendar is self.calendar else self._without_marks(calendar)
        for offset, otherwise in zip(self._last, blank, strict=True):
            pair = halves[2 * offset : 2 * offset + 2]
            yield pair if any(pair) else otherwise

    def _bits(self, days: Sequence[date]) -> int:
        """All bits of some days, in `missed` as one number."""
        length = length_of(self.term)
        return sum(BOTH << 8 * (length - 1 - offset) for offset in self.offsets(days))

    def _without_marks(self, calendar: SchoolCalendar) -> list[bytes]:
        return [self.keeper.without_marks(day, calendar, self.term) for day in self.last_days]
