"""Sorts marks into accepted and refused: one pass over a batch, item by item. Pure: the calendar, the codes and the clock are given."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from services.ingest.answers import Reason
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable
from shared.events.data import Moment, VendorCount
from shared.identifiers import is_student_key

MOST_MARKS: Final = 5_000
LONGEST_RECORDED_BEFORE: Final = timedelta(days=366)
"""A mark recorded longer before its day than a year is a mistake in a clock or a date."""


CALENDAR_WITHIN: Final = timedelta(days=180)
"""How long a day may be past whose term is not known yet: so long are its marks kept."""


class MarkIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A mark as it is posted; which fields go together is checked by `Batch.take`."""

    student: str
    date: date
    recorded_at: Moment
    session: Literal["AM", "PM"] | None = None
    slot: Annotated[int, Meta(ge=1, le=20)] | None = None
    minutes: Annotated[int, Meta(ge=1, le=600)] | None = None
    code: str | UnsetType | None = UNSET
    half_days: VendorCount | UnsetType | None = UNSET


class PostedRoll(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a post: items are decoded one by one, so that a bad one doesn't spoil the rest."""

    marks: Annotated[list[Raw], Meta(min_length=1, max_length=MOST_MARKS)]


_INPUT: Final = re.compile(r" '.*'(?= - at|$)", re.DOTALL)
"""The part of a message in which msgspec quotes the input: pupils' data does not go into answers."""

_NO_SESSION: Final = "Invalid enum value - at `$.session`"


def _in_words(message: str) -> str:
    """msgspec's message, but for the one field whose few values a person must be told."""
    return "session: AM or PM" if message == _NO_SESSION else message


roll_decoder: Final = msgspec.json.Decoder(PostedRoll)
_mark_decoder: Final = msgspec.json.Decoder(MarkIn)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A mark that was refused, by its place in the request. The detail never quotes the mark."""

    index: int
    reason: Reason
    detail: str


class _RefusedError(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


_NOT_A_KEY: Final = _RefusedError("bad-field", "student: 1 to 64 printable ASCII characters, no blanks at the ends")
_SAID_TWICE: Final = _RefusedError("duplicate-slot", "another mark of this request says something else, recorded at the same moment")

_Said = tuple[date, str | None, int | None, int | None, str | UnsetType | None, VendorCount | UnsetType | None, datetime]
"""All that a mark says but its student."""

_Judgement = tuple[object, _RefusedError | None]
"""The value of a mark that says so, to compare, and why it is refused."""


@dataclass(slots=True)
class Batch:
    """Sorts the marks of one request into those let in, as they came, and those refused.

    `calendar_may_come`: marks of days after all terms known are let in, from a sender that cannot send them again.
    They wait in the dead letters until the school's calendar has a term for them.
    """

    calendar: SchoolCalendar
    codes: CodeTable
    now: datetime
    clock_skew: timedelta
    calendar_may_come: bool = False
    accepted: list[Raw] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    _judged: dict[_Said, _Judgement] = field(default_factory=dict)
    _seen: dict[tuple[str, date, str | int | None, datetime], object] = field(default_factory=dict)

    def take_all(self, items: Iterable[Raw]) -> None:
        """Takes items in the order of the request."""
        for index, item in enumerate(items):
            self.take(index, item)

    def take(self, index: int, item: Raw) -> None:
        """Lets one item in, or notes why not."""
        try:
            mark = _mark_decoder.decode(item)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.rejected.append(Rejection(index, "bad-field", _in_words(_INPUT.sub("", str(error)))))
            return
        # The marks of a roll differ in little but the student.
        said = (mark.date, mark.session, mark.slot, mark.minutes, mark.code, mark.half_days, mark.recorded_at)
        judged = self._judged.get(said)
        if judged is None:
            judged = self._judged[said] = self._judge(mark)
        value, refusal = judged
        if not is_student_key(mark.student):
            refusal = _NOT_A_KEY
        elif refusal is None:
            place = (mark.student, mark.date, mark.session or mark.slot, mark.recorded_at)
            if self._seen.setdefault(place, value) != value:
                refusal = _SAID_TWICE
        if refusal is None:
            self.accepted.append(item)
        else:
            self.rejected.append(Rejection(index, refusal.reason, refusal.detail))

    @property
    def refused_by_calendar(self) -> bool:
        """Whether a newer calendar could let more marks in."""
        return any(rejection.reason in {"outside-term", "closed-day", "no-timetable"} for rejection in self.rejected)

    def _judge(self, mark: MarkIn) -> _Judgement:
        try:
            value = self._value(mark)
            self._check_times(mark)
        except _RefusedError as refusal:
            return None, refusal
        return value, None

    def _check_times(self, mark: MarkIn) -> None:
        self._check_day(mark.date)
        if mark.recorded_at > self.now + self.clock_skew:
            raise _RefusedError("bad-field", f"recorded_at: more than {self.clock_skew} ahead of our clock")
        if mark.recorded_at.date() < mark.date - LONGEST_RECORDED_BEFORE:
            raise _RefusedError("bad-field", "recorded_at: more than a year before the day of the mark")

    def _value(self, mark: MarkIn) -> object:
        """The mark's value, to compare. Raises _RefusedError for fields that don't go together."""
        kinds = (mark.session is not None) + (mark.slot is not None) + (mark.half_days is not UNSET)
        if kinds != 1:
            raise _RefusedError("bad-field", "a mark has exactly one of session, slot and half_days")
        if mark.half_days is not UNSET:
            if mark.code is not UNSET or mark.minutes is not None:
                raise _RefusedError("bad-field", "half_days goes without code and minutes")
            counts = mark.half_days
            if counts is not None and counts.unjustified + counts.justified + counts.present > 2:
                raise _RefusedError("bad-field", "half_days: a day has two half days at most")
            return counts
        if mark.code is UNSET:
            raise _RefusedError("bad-field", "Object missing required field `code`")
        if mark.code is not None:
            code = self.codes.by_code.get(mark.code)
            # A retired code is let in whatever its day: it counts as its successor, and the data-quality report says where it is used.
            if code is None or not code.usable_on(mark.date):
                raise _RefusedError("unknown-code", "this code is not in use")
        if mark.minutes is not None and (mark.slot is None or mark.code is None):
            raise _RefusedError("bad-field", "minutes goes with slot and a code")
        if mark.slot is not None:
            self._check_timetable(mark.slot, mark.minutes, mark.date)
        return (mark.code, mark.minutes)

    def _may_come(self, day: date) -> bool:
        """Whether the school's calendar says nothing of the day yet, and may."""
        terms, today = self.calendar.terms, self.calendar.today(self.now)
        return self.calendar_may_come and today - CALENDAR_WITHIN <= day <= today and day > terms[-1].end

    def _check_timetable(self, number: int, minutes: int | None, day: date) -> None:
        if self._may_come(day):
            return
        slot = next((slot for slot in self.calendar.slots_on(day) if slot.slot == number), None)
        if slot is None:
            raise _RefusedError("no-timetable", "the school's timetable has no such slot")
        if minutes is not None and minutes > slot.minutes:
            raise _RefusedError("bad-field", "minutes: more than the slot has")

    def _check_day(self, day: date) -> None:
        if self._may_come(day):
            return
        if self.calendar.term_on(day) is None:
            raise _RefusedError("outside-term", "the day is in none of the school's terms")
        if day > self.calendar.today(self.now):
            raise _RefusedError("future-date", "the day has not come yet at the school")
        if not self.calendar.open_half_days(day):
            raise _RefusedError("closed-day", "the school is not open on that day")


def split(marks: Sequence[Raw], most: int) -> Iterable[Sequence[Raw]]:
    """The marks in chunks of at most `most`, in order."""
    for start in range(0, len(marks), most):
        yield marks[start : start + most]
