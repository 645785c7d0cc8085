"""The register: one packed row for each student and term, holding every mark of the term with its version.

A row is a run of entries of 17 bytes, sorted with the latest place first, each one place of the register (a day's session, timetable slot,
or vendor's count):

    3 bytes  place: days since 1970 * 32 + position (0 AM, 1 PM, 2-21 slots 1-20, 22 the vendor's
             count, 23 what another school counted)
    7 bytes  recorded_at, microseconds since 1970
    5 bytes  received_at, milliseconds since 2020
    2 bytes  value: what is marked in the upper 6 bits, minutes in the lower 10 (0: the whole slot)

All numbers are big-endian, so that of two entries for one place the greater bytes are the later word: merging is taking the maximum,
which is the same in any order and for any repetition. A mark that was taken back stays as a value of 0, or an older repeat would
bring it back. The marks of today stand at the head, so that all behind them stays as it is, in the table and in its log. The release 0.1.0
wrote the latest place last; a row tells by its ends which it is (`newest_first`). See decision 2.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from struct import Struct
from typing import Final, Literal

from shared.events.data import Mark, VendorCount

ENTRY: Final = 17
PLACE: Final = 3
RECEIVED_AT: Final = 10
VALUE_AT: Final = 15
_PLACES_AND_VALUES: Final = Struct(">HB12xH")

AM: Final = 0
PM: Final = 1
FIRST_SLOT: Final = 2
VENDOR: Final = 22
CARRIED: Final = 23
POSITIONS: Final = 32

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RECEIVED_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)

TAKEN_BACK: Final = 0
_CODE_BASE: Final = ord("?") - 1
LAST_CODE: Final = ord("Z") - _CODE_BASE
"""Values 1 to 28 are the codes from `?` to `Z`; 29 to 55 are the counts of a vendor or of another school, in base 3."""

MOST_MINUTES: Final = 1023


PlaceKind = Literal["session", "slot", "vendor", "carried"]
Session = Literal["AM", "PM"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the register, unpacked. `code` and `count` are None where the mark was taken back."""

    day: date
    kind: PlaceKind
    position: int
    code: str | None
    minutes: int | None
    count: VendorCount | None
    recorded_at: datetime
    received_at: datetime

    @property
    def session(self) -> Session | None:
        """The session of a half-day mark."""
        return session_of(self.position)

    @property
    def slot(self) -> int | None:
        """The timetable slot of a period mark."""
        return slot_of(self.position)


def pack(mark: Mark, received_at: datetime) -> bytes:
    """The entry for a mark. Raises ValueError for what no register can hold; the door refuses such marks."""
    return Packer(received_at).pack(mark)


class Packer:
    """Makes the entries of marks that were received together. Most of a roll was recorded at one moment, and says one thing of many
    students: that is packed once, into one object."""

    def __init__(self, received_at: datetime) -> None:
        self._received_at = (received_at - _RECEIVED_EPOCH) // _MILLISECOND
        self._recorded_at: datetime | None = None
        self._versions = b""
        self._sessions: dict[tuple[date, str, str | None, datetime], bytes] = {}

    def pack(self, mark: Mark) -> bytes:
        """The entry for a mark. Raises ValueError for what no register can hold; the door refuses such marks."""
        if mark.session is None or mark.minutes is not None or mark.carried:
            return self._packed(mark)
        said = mark.date, mark.session, mark.code, mark.recorded_at
        entry = self._sessions.get(said)
        if entry is None:
            entry = self._sessions[said] = self._packed(mark)
        return entry

    def _packed(self, mark: Mark) -> bytes:
        if mark.recorded_at != self._recorded_at:
            recorded = (mark.recorded_at - _EPOCH) // _MICROSECOND
            if recorded >> 56 or self._received_at >> 40:
                raise ValueError("a time is out of range")
            self._versions = (recorded << 40 | self._received_at).to_bytes(VALUE_AT - PLACE, "big")
            self._recorded_at = mark.recorded_at
        place = (mark.date.toordinal() - _EPOCH_DAY) * POSITIONS + _position(mark)
        try:
            return place.to_bytes(PLACE, "big") + self._versions + _value(mark).to_bytes(ENTRY - VALUE_AT, "big")
        except OverflowError as error:
            raise ValueError("a date is out of range") from error


def _position(mark: Mark) -> int:
    if mark.carried:
        return CARRIED
    if mark.session is not None:
        return AM if mark.session == "AM" else PM
    if mark.slot is None:
        return VENDOR
    if not 1 <= mark.slot <= VENDOR - FIRST_SLOT:
        raise ValueError("there is no such slot")
    return FIRST_SLOT + mark.slot - 1


def _value(mark: Mark) -> int:
    if mark.carried or (mark.session is None and mark.slot is None):
        count = mark.half_days
        what = TAKEN_BACK if count is None else LAST_CODE + 1 + count.unjustified * 9 + count.justified * 3 + count.present
    elif mark.code is None:
        what = TAKEN_BACK
    else:
        what = ord(mark.code) - _CODE_BASE if len(mark.code) == 1 else 0
        if not 1 <= what <= LAST_CODE:
            raise ValueError("there is no such code")
    minutes = mark.minutes or 0
    if not 0 <= minutes <= MOST_MINUTES:
        raise ValueError("a slot has not so many minutes")
    return what << 10 | minutes


def newest_first(stored: bytes) -> bytes:
    """A stored row with its latest place first, whichever end it was stored with first; the same object when that is so already."""
    return stored if stored[:PLACE] >= stored[-ENTRY : PLACE - ENTRY] else turned(stored)


def turned(row: bytes) -> bytes:
    """The row with its entries in the opposite order."""
    return b"".join(row[at : at + ENTRY] for at in range(len(row) - ENTRY, -1, -ENTRY))


def merge(row: bytes, entries: Iterable[bytes], replaced: list[tuple[bytes, bytes]] | None = None, *, receipts: bool = True) -> bytes:
    """The row with the entries worked in, the later word winning at each place; the same object when nothing changed.

    Places that now say something else are added to `replaced`, as (entry before, entry after). Without `receipts`, a word that was received
    once more, recorded at the same moment with the same value, changes nothing.
    """
    for entry in entries:
        place = entry[:PLACE]
        if place > row[:PLACE]:
            row = entry + row
            continue
        at = _from(row, place)
        old = row[at : at + ENTRY]
        if old[:PLACE] != place:
            row = row[:at] + entry + row[at:]
        elif entry > old and (receipts or entry[:RECEIVED_AT] != old[:RECEIVED_AT] or entry[VALUE_AT:] != old[VALUE_AT:]):
            row = row[:at] + entry + row[at + ENTRY :]
            if replaced is not None and entry[VALUE_AT:] != old[VALUE_AT:]:
                replaced.append((old, entry))
    return row


def _from(row: bytes, place: bytes) -> int:
    """Where the entry of a place is in the row, or would be: behind those of all later places."""
    return ENTRY * bisect_left(range(len(row) // ENTRY), True, key=lambda index: row[index * ENTRY : index * ENTRY + PLACE] <= place)


def day_of(entry: bytes) -> int:
    """The day of an entry, as days since 1970."""
    return int.from_bytes(entry[:PLACE], "big") // POSITIONS


def date_of(day: int) -> date:
    """The date of a day counted from 1970."""
    return date.fromordinal(day + _EPOCH_DAY)


def entries(row: bytes) -> Iterator[bytes]:
    """The entries of a row, the latest place first."""
    return (row[at : at + ENTRY] for at in range(0, len(row), ENTRY))


def number_of(day: date) -> int:
    """A date as days since 1970."""
    return day.toordinal() - _EPOCH_DAY


def first_place(day: date) -> bytes:
    """The least prefix of the entries of a day and of all later ones."""
    return (number_of(day) * POSITIONS).to_bytes(PLACE, "big")


def days_of(row: bytes) -> tuple[date | None, date | None]:
    """The first and the last day that a row has marks of."""
    if not row:
        return None, None
    return date_of(day_of(row[-ENTRY:])), date_of(day_of(row))


def values_of_day(row: bytes, index: int) -> tuple[int, ...]:
    """The marks that stand on the day of the `index`-th entry, one number for each: position * 65536 + value, in order of position.

    Equal days give equal answers, whatever their dates and versions. Marks taken back are left out.
    """
    end = index * ENTRY
    first = int.from_bytes(row[end : end + PLACE], "big") // POSITIONS * POSITIONS
    while int.from_bytes(row[end : end + PLACE], "big") >= first:
        end += ENTRY
    values = []
    for at in range(end - ENTRY, -1, -ENTRY):
        position = int.from_bytes(row[at : at + PLACE], "big") - first
        if position >= POSITIONS:
            break
        value = int.from_bytes(row[at + VALUE_AT : at + ENTRY], "big")
        if value != TAKEN_BACK:
            values.append(position << 16 | value)
    return tuple(values)


def values_on(row: bytes, day: date) -> tuple[int, ...]:
    """The marks that stand on a day; see `values_of_day`."""
    at = _from(row, (number_of(day) * POSITIONS + POSITIONS - 1).to_bytes(PLACE, "big"))
    return values_of_day(row, at // ENTRY) if day_of(row[at : at + ENTRY]) == number_of(day) else ()


def since(row: bytes, day: date) -> bytes:
    """The part of a row from a day on."""
    return row[: _from(row, (number_of(day) * POSITIONS - 1).to_bytes(PLACE, "big"))]


def values_of_days(row: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each day that has entries, counted from 1970, and the marks that stand on it (see `values_of_day`); the latest day first."""
    day, values = -1, list[int]()
    for upper, lower, value in _PLACES_AND_VALUES.iter_unpack(row):
        place = upper << 8 | lower
        if place // POSITIONS != day:
            if day >= 0:
                yield day, tuple(values[::-1])
            day, values = place // POSITIONS, []
        if value != TAKEN_BACK:
            values.append(place % POSITIONS << 16 | value)
    if day >= 0:
        yield day, tuple(values[::-1])


def values_by_day(row: bytes) -> dict[int, tuple[int, ...]]:
    """The marks that stand on each day that has marks, by the day counted from 1970, in order; see `values_of_day`."""
    return {day: values for day, values in reversed(list(values_of_days(row))) if values}


def unpack(row: bytes) -> Iterator[Entry]:
    """All places of the row, in order of day and position."""
    for at in range(len(row) - ENTRY, -1, -ENTRY):
        number = int.from_bytes(row[at : at + ENTRY], "big")
        day, kind, position = unpack_place(number >> 112)
        value = number & 0xFFFF
        yield Entry(
            day=day,
            kind=kind,
            position=position,
            code=code_of(value),
            minutes=(value & MOST_MINUTES) or None,
            count=count_of(value),
            recorded_at=recorded_at(number),
            received_at=received_at(number),
        )


def unpack_place(place: int) -> tuple[date, PlaceKind, int]:
    """The day, kind and position of a place number."""
    position = place % POSITIONS
    return date_of(place // POSITIONS), kind_of(position), position


def kind_of(position: int) -> PlaceKind:
    """The kind of place of a position."""
    if position <= PM:
        return "session"
    return "carried" if position == CARRIED else "vendor" if position == VENDOR else "slot"


def session_of(position: int) -> Session | None:
    """The session that a position is, if it is one."""
    return "AM" if position == AM else "PM" if position == PM else None


def slot_of(position: int) -> int | None:
    """The timetable slot that a position is, if it is one."""
    return position - FIRST_SLOT + 1 if FIRST_SLOT <= position < VENDOR else None


def is_carried(entry: bytes) -> bool:
    """Whether an entry is another school's word, not this one's."""
    return entry[PLACE - 1] % POSITIONS == CARRIED


def code_of(value: int) -> str | None:
    """The code that a value stands for, if it stands for one."""
    what = value >> 10
    return chr(_CODE_BASE + what) if TAKEN_BACK < what <= LAST_CODE else None


def count_of(value: int) -> VendorCount | None:
    """The count of half days that a value stands for, if it stands for one."""
    what = (value >> 10) - LAST_CODE - 1
    return VendorCount(what // 9, what // 3 % 3, what % 3) if what >= 0 else None


def newest(row: bytes) -> datetime:
    """When the last word in a row was recorded. Not for an empty row."""
    recorded = max(row[at : at + RECEIVED_AT - PLACE] for at in range(PLACE, len(row), ENTRY))
    return _EPOCH + int.from_bytes(recorded, "big") * _MICROSECOND


def recorded_at(entry: int) -> datetime:
    """When an entry, read as one number, was recorded."""
    return _EPOCH + (entry >> 56 & 0xFFFFFFFFFFFFFF) * _MICROSECOND


def received_at(entry: int) -> datetime:
    """When an entry, read as one number, was received."""
    return _RECEIVED_EPOCH + (entry >> 16 & 0xFFFFFFFFFF) * _MILLISECOND
