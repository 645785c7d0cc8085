"""KAMAR's attendance elements as marks. Pure.

`codes` holds a character for each timetable slot; `.` and blanks, also those that are missing at the end, mean that no class was or
nothing is marked, and take back what may be held. `hdu`, `hdj` and `hdp` are KAMAR's own half days: they win over what the codes would
give, so when a later push says that they are unknown (all of them present and null), they are taken back and the codes count again.
A push without these keys leaves them alone. `alt` is the same slots in other letters, and no basis for half days: it is not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Raw

from services.ingest.kamar import values
from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.values import Value
from services.ingest.marks.batch import Batch
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable

MOST_SLOTS: Final = 10
"""KAMAR's timetables have so many at most."""

MOST_DAYS: Final = 400
"""Days in one element: a real one has five."""

_NOTHING: Final = ". -_"
_COUNTS: Final = (("unjustified", "hdu"), ("justified", "hdj"), ("present", "hdp"))

_encoder = msgspec.json.Encoder()

Place = tuple[str, date, int | None]
"""Student, day and slot; slot None for the day's own count of half days."""


@dataclass
class Roll:
    """The marks of some elements of one document: of several for one place, the last stays."""

    calendar: SchoolCalendar
    recorded_at: datetime
    refusals: Refusals
    _marks: dict[Place, dict[str, object]] = field(default_factory=dict)

    def take(self, element: dict[str, Value]) -> None:
        """Works one element in; what of it can't be read is noted, and doesn't spoil the rest."""
        student = values.key(element.get("id"))
        if student is None:
            self.refusals.add("bad-field", "id: missing, or no key of a student")
            return
        days = values.rows(element.get("values"))
        if len(days) > MOST_DAYS:
            self.refusals.add("bad-field", "values: too many days in one element", student=student)
        for row in days[:MOST_DAYS]:
            if not isinstance(row, dict):
                self.refusals.add("bad-field", "values: not an object", student=student)
                continue
            day = values.day(row.get("date"))
            if day is None:
                self.refusals.add("bad-field", "date: missing, or not a date", student=student)
                continue
            self._codes(student, day, row.get("codes"))
            self._counts(student, day, row)

    def sort(self, codes: CodeTable, now: datetime, clock_skew: timedelta) -> list[Raw]:
        """The marks that the door lets in, in order; the others are noted. Marks of a term that is not known yet are let in: KAMAR does not
        send them again when the calendar has come."""
        batch = Batch(self.calendar, codes, now, clock_skew, calendar_may_come=True)
        batch.take_all(self._encoded())
        places = list(self._marks) if batch.rejected else []
        for rejection in batch.rejected:
            student, day, _ = places[rejection.index]
            if rejection.reason == "no-timetable":
                # Nothing about this student: the school has to send its timetable.
                self.refusals.add(rejection.reason, rejection.detail)
            else:
                self.refusals.add(rejection.reason, rejection.detail, student=student, day=day)
        return batch.accepted

    def _encoded(self) -> Iterator[Raw]:
        for mark in self._marks.values():
            yield Raw(_encoder.encode(mark))

    def _codes(self, student: str, day: date, codes: Value) -> None:
        if codes is None:
            return
        if isinstance(codes, bool) or not isinstance(codes, str) or len(codes) > MOST_SLOTS:
            self.refusals.add("bad-field", f"codes: not a text of up to {MOST_SLOTS} slots", student=student, day=day)
            return
        timetabled = {slot.slot for slot in self.calendar.slots_on(day)}
        for slot, code in enumerate(codes.upper().ljust(MOST_SLOTS, "."), start=1):
            if code not in _NOTHING:
                self._put(student, day, slot, {"slot": slot, "code": code})
            elif slot in timetabled:
                # A slot that the timetable does not have can hold nothing that would have to be taken back.
                self._put(student, day, slot, {"slot": slot, "code": None})

    def _counts(self, student: str, day: date, row: dict[str, Value]) -> None:
        if not any(key in row for _, key in _COUNTS):
            return
        given = [row.get(key) for _, key in _COUNTS]
        blank = [value is None or value == "" for value in given]
        if all(blank):
            if all(key in row for _, key in _COUNTS):
                self._put(student, day, None, {"half_days": None})
            return
        numbers = [0 if empty else values.integer(value) for value, empty in zip(given, blank, strict=True)]
        if any(number is None or not 0 <= number <= 2 for number in numbers):
            self.refusals.add("bad-field", "hdu, hdj, hdp: half days are 0 to 2", student=student, day=day)
            return
        counts = {name: number for (name, _), number in zip(_COUNTS, numbers, strict=True)}
        self._put(student, day, None, {"half_days": counts})

    def _put(self, student: str, day: date, slot: int | None, what: dict[str, object]) -> None:
        place = (student, day, slot)
        # Not merely replaced: the order tells which was said last.
        self._marks.pop(place, None)
        self._marks[place] = {"student": student, "date": day, "recorded_at": self.recorded_at} | what


def recorded_at(stated: Value, received_at: datetime, timezone: str, clock_skew: timedelta) -> datetime:
    """The moment at which the document's marks were recorded: its own `datetime`, on the school's clock.

    A document that says nothing, or that is ahead of our clock, takes the moment of its arrival: else a clock that is set wrong at the
    school would keep all of its marks out.
    """
    moment = values.moment(stated, timezone)
    if moment is None or moment > received_at + clock_skew:
        return received_at
    return moment
