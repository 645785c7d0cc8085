"""A school as it is sent and stored: its terms, closed days, half days, timetables and contact."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import msgspec
from pydantic import Field, StringConstraints, field_validator, model_validator

from services.ingest.schools.timetables import DaySlotsIn, PastTimetable, Slots, TimetableIn, in_force, replaced
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.holidays import region_code
from shared.auth.principal import Part
from shared.clock import HOME_ZONE
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.events.school_years import displaced, merged
from shared.identifiers import is_term_name
from shared.web.schemas import Body, TimeOfDay

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


class DeanIn(Body):
    """The person who looks after a year level (`year:10`) or a group (`10A`), and whom its families can ring."""

    group: Text = Field(examples=["year:10", "10A"])
    name: Text
    email: Address | None = None
    phone: Phone | None = None


class StaffMemberIn(Body):
    """A member of staff to whom work belongs: `account` is the subject of their tokens, and `groups` are as there (`year:10`, `10A`).

    Without `groups` they look after the whole school. `away_until` null: for good. `stand_in` sees to what is theirs while they are away.
    """

    account: Text = Field(examples=["dean.year10@school.example"])
    name: Text
    email: Address | None = None
    role: Literal["respond", "manage", "admin"] = "respond"
    groups: list[Text] = Field(default=[], max_length=100)
    away_from: date | None = None
    away_until: date | None = None
    stand_in: Text | None = None

    @field_validator("groups")
    @classmethod
    def _known_years(cls, groups: list[str]) -> list[str]:
        Part.parse(frozenset(groups))
        return groups

    @model_validator(mode="after")
    def _away_in_order(self) -> Self:
        if self.away_until is not None and (self.away_from is None or self.away_until < self.away_from):
            raise ValueError("away_until: on away_from or after it")
        return self


class StaffIn(Body):
    """The people to whom work belongs. `remind_at` null: no reminders. `next_role_after` null: a thing stays with its person."""

    people: list[StaffMemberIn] = Field(default=[], max_length=500)
    remind_at: TimeOfDay | None = Field(default=None, examples=["07:30"])
    next_role_after: Annotated[int, Field(ge=1, le=100)] | None = None

    @field_validator("people")
    @classmethod
    def _once(cls, people: list[StaffMemberIn]) -> list[StaffMemberIn]:
        accounts = {person.account for person in people}
        if len(accounts) < len(people):
            raise ValueError("an account is there twice")
        if any(person.stand_in is not None and person.stand_in not in accounts - {person.account} for person in people):
            raise ValueError("stand_in: another account of the list")
        return people


@cache
def _time_zones() -> frozenset[str]:
    # Listing them walks the files of the whole database of zones.
    return frozenset(available_timezones())


class SchoolIn(Body):
    """A school: its terms, closed days, half-day openings, timetable and contact.

    Weekends, public holidays (with the region's anniversary day) and Easter Tuesday are closed without being listed; `open_days` are
    exceptions from that. `slots` hold from `slots_from` on, each of `timetables` from its day on, and `day_slots` on one day.
    Without `slots_from`, `slots` that are sent before any day was marked hold from the beginning; others from today on, and the
    timetables before them are kept for their days. `blanks_are_truant`: what nobody has
    marked by the end of a day counts as an absence, as the Ministry reads it. `count_carried_absences`: what a student who came during a
    term was absent at the school before counts here too (see the transfer document of thresholds). `code_classes`: what an absence code
    counts as, where that is open; only O is. `staff` stays as it was where it is left out.
    """

    name: Text
    terms: list[TermIn] = Field(min_length=1, max_length=40)
    closed_days: list[date] = Field(default=[], max_length=1000)
    half_days: list[date] = Field(default=[], max_length=1000)
    open_days: list[date] = Field(default=[], max_length=1000)
    region: Text | None = Field(default=None, examples=["Auckland", "NZ-WGN"])
    slots: Slots = Field(default=[])
    slots_from: date | None = None
    day_slots: list[DaySlotsIn] = Field(default=[], max_length=1000)
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
    staff: StaffIn | None = None
    timezone: str = HOME_ZONE

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        if timezone not in _time_zones():
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

    @field_validator("day_slots")
    @classmethod
    def _each_day_once(cls, days: list[DaySlotsIn]) -> list[DaySlotsIn]:
        if len({day.date for day in days}) < len(days):
            raise ValueError("a day is there twice")
        return sorted(days, key=lambda day: day.date)

    @model_validator(mode="after")
    def _slots_dated_once(self) -> Self:
        if self.slots_from is not None and any(timetable.start == self.slots_from for timetable in self.timetables):
            raise ValueError("slots and a timetable start on one day")
        return self

    @field_validator("closed_days", "half_days", "open_days")
    @classmethod
    def _sorted(cls, days: list[date]) -> list[date]:
        return sorted(set(days))


class PastTermsOut(Body):
    """The choices by which terms that are over were counted; `slots` hold until the first of `timetables`."""

    terms: list[str]
    region: str | None = None
    slots: Slots = Field(default=[])
    timetables: list[TimetableIn] = Field(default=[])
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_classes: dict[Literal["O"], Literal["justified", "unjustified"]] = Field(default={})


class School(SchoolIn):
    """A school as it is stored. `past_timetables` are those that others have replaced; they hold for their days. `past_terms`: terms that
    are over keep the choices by which they were counted. Over the years it holds more days than may be sent at once."""

    school: str
    terms: list[TermIn]
    closed_days: list[date] = Field(default=[])
    half_days: list[date] = Field(default=[])
    open_days: list[date] = Field(default=[])
    day_slots: list[DaySlotsIn] = Field(default=[])
    past_timetables: list[PastTimetable] = Field(default=[])
    past_terms: list[PastTermsOut] = Field(default=[])

    def after(self, before: "School", today: date) -> Self:
        """The school as it was sent, when days have been marked by what was stored `before`: what is over stays as it was.

        Raises ValueError if the slots have changed, have no `slots_from`, and a dated timetable holds today; and if a timetable starts on
        the day from which the slots hold.
        """
        earlier = [PastTimetable.model_validate(timetable.model_dump()) for timetable in before.timetables]
        stored = [*before.past_timetables, *earlier]
        starts = [timetable.start for timetable in self.timetables]
        if self.slots == before.slots and self.slots_from in (None, before.slots_from):
            slots_from, until = before.slots_from, today + timedelta(days=1)
        else:
            if self.slots_from is None and any(start <= today for start in starts):
                raise ValueError("slots: a dated timetable holds today; say with slots_from from when these slots hold")
            slots_from = until = self.slots_from or today
            stored += in_force(before.slots_from, before.slots)
        if slots_from is not None and slots_from in starts:
            # What is stored has to be read again.
            raise ValueError("slots and a timetable start on one day")
        past = replaced(stored, [slots_from, *starts] if slots_from is not None or self.slots else starts, until)
        days = {day.date for day in self.day_slots}
        day_slots = [day for day in before.day_slots if day.date < today and day.date not in days] + self.day_slots
        changes = {"slots_from": slots_from, "past_timetables": past, "day_slots": sorted(day_slots, key=lambda day: day.date)}
        return self.model_copy(update=changes)

    def beside(self, before: "School", now: datetime, corrects: Collection[str]) -> Self:
        """The school as it was sent, with the terms of the stored one that are over (`shared.events.school_years`).

        Raises ValueError if a term lies on days of one that is over.
        """
        old, new = before.event(now), self.event(now)
        if taken := displaced(old, new, corrects):
            raise ValueError(
                f"a term lies on days of {', '.join(taken)}, which is over; to correct that term, send it, and name it in corrects"
            )
        both = merged(old, new, corrects)
        kept = {
            name: msgspec.to_builtins(getattr(both, name))
            for name in ("terms", "closed_days", "half_days", "open_days", "day_slots", "past_terms")
        }
        return self.model_validate(self.model_dump() | kept)

    def event(self, updated_at: datetime) -> SchoolUpdated:
        """The school as the event for the other services: `slots` up to the first dated timetable, in the order of their days."""
        timetables = [*self.past_timetables, *in_force(self.slots_from, self.slots)]
        dated: list[TimetableIn] = [timetable for timetable in timetables if timetable.start is not None]
        undated = next((timetable.slots for timetable in timetables if timetable.start is None), [])
        fields = self.model_dump(mode="json", exclude={"slots", "slots_from", "timetables", "past_timetables"}, by_alias=True) | {
            "slots": [slot.model_dump(mode="json") for slot in undated],
            "timetables": [
                timetable.model_dump(mode="json", by_alias=True)
                for timetable in sorted([*dated, *self.timetables], key=lambda timetable: timetable.start)
            ],
            "updated_at": updated_at.isoformat(),
        }
        if self.staff is not None:
            # Events say a time with its seconds.
            fields["staff"]["remind_at"] = self.staff.remind_at
        return msgspec.convert(fields, SchoolUpdated)

    def calendar(self) -> SchoolCalendar:
        """The calendar these fields describe."""
        return calendar_of(self.event(datetime.min.replace(tzinfo=UTC)))
