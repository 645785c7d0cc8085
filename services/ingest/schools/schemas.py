"""A school as it is sent and stored: its terms, closed days, half days, timetables and contact."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from shared.attendance.calendar import SchoolCalendar
from shared.attendance.holidays import region_code
from shared.clock import HOME_ZONE
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import is_term_name
from shared.web.schemas import Body

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]

Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An e-mail address as a school has it. A wrong one is not refused here, where it would keep the whole student out: letters that
can't be sent to it are reported to the school."""

Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A telephone number as the school writes it, an extension included: people read it, and nothing rings it."""

EARLIEST, LATEST = date(2000, 1, 1), date(2050, 12, 31)
LONGEST_TERM = timedelta(days=120)
"""New Zealand's terms have 9 to 12 weeks; four months leave room for a school that runs two terms as one."""


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

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    start: date = Field(alias="from")
    slots: Slots


class DeanIn(Body):
    """The person who looks after a year level (`year:10`) or a group (`10A`), and whom its families can ring."""

    group: Text = Field(examples=["year:10", "10A"])
    name: Text
    email: Address | None = None
    phone: Phone | None = None


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
    slots: Slots = Field(default=[])
    timetables: list[TimetableIn] = Field(default=[], max_length=100)
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_classes: dict[Literal["O"], Literal["justified", "unjustified"]] = Field(default={})
    contact_email: Address | None = None
    phone: Phone | None = Field(default=None, description="The number that families ring", examples=["04 555 0100"])
    contact_name: Text | None = Field(default=None, description="The person whom families ask for, where their child has no dean")
    postal_address: Text | None = None
    website: Text | None = None
    deans: list[DeanIn] = Field(default=[], max_length=200)
    timezone: str = HOME_ZONE

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

    @field_validator("deans")
    @classmethod
    def _one_a_group(cls, deans: list[DeanIn]) -> list[DeanIn]:
        if len({dean.group for dean in deans}) < len(deans):
            raise ValueError("a group has two deans")
        return deans

    @field_validator("closed_days", "half_days", "open_days")
    @classmethod
    def _sorted(cls, days: list[date]) -> list[date]:
        return sorted(set(days))


class School(SchoolIn):
    """A school as it is stored."""

    school: str

    def event(self, updated_at: datetime) -> SchoolUpdated:
        """The school as the event for the other services."""
        return msgspec.convert(self.model_dump(mode="json", by_alias=True) | {"updated_at": updated_at.isoformat()}, SchoolUpdated)

    def calendar(self) -> SchoolCalendar:
        """The calendar these fields describe."""
        return calendar_of(self.event(datetime.min.replace(tzinfo=UTC)))
