"""What the door takes and answers, except for marks, which have a faster way of their own (`marks.py`)."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from shared.attendance.calendar import SchoolCalendar, Slot, Term
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

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class SchoolIn(Body):
    """A school: its terms, closed days, half-day openings, timetable and contact."""

    name: Text
    terms: list[TermIn] = Field(min_length=1, max_length=40)
    closed_days: list[date] = Field(default=[], max_length=1000)
    half_days: list[date] = Field(default=[], max_length=1000)
    region: Text | None = None
    slots: list[SlotIn] = Field(default=[], max_length=20)
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

    @field_validator("slots")
    @classmethod
    def _distinct(cls, slots: list[SlotIn]) -> list[SlotIn]:
        if len({slot.slot for slot in slots}) < len(slots):
            raise ValueError("a slot is there twice")
        return sorted(slots, key=lambda slot: slot.slot)

    @field_validator("closed_days", "half_days")
    @classmethod
    def _sorted(cls, days: list[date]) -> list[date]:
        return sorted(set(days))

    def calendar(self) -> SchoolCalendar:
        """The calendar these fields describe."""
        return SchoolCalendar(
            terms=tuple(Term(term.term, term.start, term.end) for term in self.terms),
            closed_days=frozenset(self.closed_days),
            half_days=frozenset(self.half_days),
            slots=tuple(Slot(slot.slot, slot.name, slot.minutes) for slot in self.slots),
            timezone=self.timezone,
        )


class School(SchoolIn):
    """A school as it is stored."""

    school: str


class CaregiverIn(Body):
    """Somebody who looks after a student."""

    name: Text
    email: Address | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] | None = None
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
