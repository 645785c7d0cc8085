"""What the door takes and answers, except for marks, which have a faster way of their own (`marks.py`)."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from shared.attendance.calendar import SchoolCalendar
from shared.attendance.holidays import region_code
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import is_student_key, is_term_name

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]

Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An e-mail address as a school has it. A wrong one is not refused here, where it would keep the whole student out: letters that
can't be sent to it are reported to the school."""

EARLIEST, LATEST = date(2000, 1, 1), date(2050, 12, 31)
LONGEST_TERM = timedelta(days=120)
"""New Zealand's terms have 9 to 12 weeks; four months leave room for a school that runs two terms as one."""


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)


class TermIn(Body):
    """A term; both days are included."""

    term: str = Field(examples=["2026-T4"])
    start: date
    end: date

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not is_term_name(self.term):
            raise ValueError("a term is named like 2026-T4")
        if not self.term.startswith(str(self.start.year)):
            raise ValueError("a term is named after the year it starts in")
        if not EARLIEST <= self.start <= LATEST:
            raise ValueError(f"a term starts between {EARLIEST} and {LATEST}")
        if not self.start <= self.end <= self.start + LONGEST_TERM:
            raise ValueError(f"a term ends on or after its start, and within {LONGEST_TERM.days} days")
        return self


class SlotIn(Body):
    """A period of the timetable."""

    slot: int = Field(ge=1, le=20)
    name: Text
    minutes: int = Field(ge=1, le=600)


def _distinct(slots: list[SlotIn]) -> list[SlotIn]:
    if len({slot.slot for slot in slots}) < len(slots):
        raise ValueError("a slot is there twice")
    return sorted(slots, key=lambda slot: slot.slot)


Slots = Annotated[list[SlotIn], Field(max_length=20), AfterValidator(_distinct)]


class TimetableIn(Body):
    """The slots that hold from a day on."""

    start: date = Field(alias="from")
    slots: Slots


class SchoolIn(Body):
    """A school: its terms, closed days, half-day openings, timetable and contact.

    Weekends, public holidays (with the region's anniversary day) and Easter Tuesday are closed without being listed; `open_days` are
    exceptions from that. `slots` hold from the beginning, each of `timetables` from its day on. `blanks_are_truant`: what nobody has
    marked by the end of a day counts as an absence, as the Ministry reads it. `count_carried_absences`: what a student who came during a
    term was absent at the school before counts here too (see the transfer document of thresholds). `code_classes`: what an absence code
    counts as, where that is open; only O is.
    """

    name: Text
    terms: list[TermIn] = Field(min_length=1, max_length=40)
    closed_days: list[date] = Field(default=[], max_length=1000)
    half_days: list[date] = Field(default=[], max_length=1000)
    open_days: list[date] = Field(default=[], max_length=1000)
    region: Text | None = Field(default=None, examples=["Auckland", "NZ-WGN"])
    slots: Slots = []
    timetables: list[TimetableIn] = Field(default=[], max_length=100)
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_classes: dict[Literal["O"], Literal["justified", "unjustified"]] = {}
    contact_email: Address | None = None
    timezone: str = "Pacific/Auckland"

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            raise ValueError("no such time zone")
        return timezone

    @field_validator("terms")
    @classmethod
    def _in_order(cls, terms: list[TermIn]) -> list[TermIn]:
        ordered = sorted(terms, key=lambda term: term.start)
        for earlier, later in pairwise(ordered):
            if later.start <= earlier.end:
                raise ValueError(f"the terms {earlier.term} and {later.term} overlap")
        if len({term.term for term in ordered}) < len(ordered):
            raise ValueError("a term is there twice")
        return ordered

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str | None) -> str | None:
        if region is not None:
            region_code(region)
        return region

    @field_validator("timetables")
    @classmethod
    def _dated_once(cls, timetables: list[TimetableIn]) -> list[TimetableIn]:
        if len({timetable.start for timetable in timetables}) < len(timetables):
            raise ValueError("two timetables start on one day")
        return sorted(timetables, key=lambda timetable: timetable.start)

    @field_validator("closed_days", "half_days", "open_days")
    @classmethod
    def _sorted(cls, days: list[date]) -> list[date]:
        return sorted(set(days))


class School(SchoolIn):
    """A school as it is stored."""

    school: str

    def event(self, updated_at: datetime) -> SchoolUpdated:
        """What is said of the school to everybody else."""
        return msgspec.convert(self.model_dump(mode="json", by_alias=True) | {"updated_at": updated_at.isoformat()}, SchoolUpdated)

    def calendar(self) -> SchoolCalendar:
        """The calendar these fields describe."""
        return calendar_of(self.event(datetime.min.replace(tzinfo=UTC)))


class CaregiverIn(Body):
    """Somebody who looks after a student."""

    name: Text
    email: Address | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    notify: bool = True


class StudentIn(Body):
    """A student of the school."""

    student: str
    given_name: Text
    family_name: Text
    year_level: int | None = Field(default=None, ge=0, le=15)
    groups: list[Text] = Field(default=[], max_length=50)
    nsn: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = None
    caregivers: list[CaregiverIn] = Field(default=[], max_length=20)

    @field_validator("student")
    @classmethod
    def _key(cls, student: str) -> str:
        if not is_student_key(student):
            raise ValueError("1 to 64 printable ASCII characters, no blanks at the ends")
        return student


class StudentsIn(Body):
    """Students to add or replace; others stay as they are. Items are checked one by one."""

    students: list[dict[str, object]] = Field(min_length=1, max_length=5_000)


class Rejected(BaseModel):
    """An item that was not taken, by its place in the request."""

    index: int
    reason: Literal["unknown-code", "outside-term", "closed-day", "future-date", "no-timetable", "bad-field", "duplicate-slot"]
    detail: str


class BatchAnswer(BaseModel):
    """What became of a batch."""

    accepted: int
    rejected: list[Rejected]
