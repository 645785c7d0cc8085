"""The expectations of a case once the maker's system has done its part: met, different or still waited for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, Protocol

from deploy.conformance.evidence import Evidence

State = Literal["met", "different", "waiting"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of an expectation; `why` says what was found, where it is not met."""

    state: State
    why: str = ""


MET: Final = Outcome("met")


def waiting(why: str) -> Outcome:
    """Nothing came yet."""
    return Outcome("waiting", why)


def compared(what: str, expected: object, found: object) -> Outcome:
    """Met where both are equal."""
    return MET if expected == found else Outcome("different", f"{what}: {expected} is right, {found} is here")


class Expectation(Protocol):
    """One thing that has to be so."""

    async def outcome(self, evidence: Evidence) -> Outcome:
        """Whether it is."""


@dataclass(frozen=True, slots=True)
class SchoolHas:
    """The school was sent with these fields."""

    fields: dict[str, Any]

    async def outcome(self, evidence: Evidence) -> Outcome:
        school = await evidence.school()
        if school is None:
            return waiting("the school has not been sent")
        outcomes = [compared(name, expected, _as_asked(expected, school[name])) for name, expected in self.fields.items()]
        wrong = [outcome.why for outcome in outcomes if outcome is not MET]
        return Outcome("different", "; ".join(wrong)) if wrong else MET


def _as_asked(expected: Any, found: Any) -> Any:
    """The value that was found, with only the fields that matter."""
    if isinstance(expected, list) and expected and isinstance(expected[0], dict):
        return [{key: item.get(key) for key in expected[0]} for item in found]
    return found


@dataclass(frozen=True, slots=True)
class HasTimetable:
    """The school has a timetable from this day on, among those in force or over."""

    start: date
    slots: int

    async def outcome(self, evidence: Evidence) -> Outcome:
        school = await evidence.school()
        sent = [] if school is None else [*school["timetables"], *school["past_timetables"]]
        found = [timetable for timetable in sent if timetable.get("from") == self.start.isoformat()]
        if not found:
            return waiting(f"no timetable from {self.start} on has been sent")
        return compared(f"slots from {self.start} on", self.slots, len(found[0]["slots"] or []))


@dataclass(frozen=True, slots=True)
class Known:
    """A student is on the roll, by these fields."""

    student: str
    name: str
    year_level: int
    groups: Sequence[str]

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = (await evidence.students()).get(self.student)
        if found is None or found["name"] is None:
            return waiting(f"{self.student} has not been sent")
        expected = (self.name, self.year_level, sorted(self.groups))
        return compared(self.student, expected, (found["name"], found["year_level"], sorted(found["groups"])))


@dataclass(frozen=True, slots=True)
class WrittenTo:
    """A caregiver gets letters, or does not."""

    student: str
    caregiver: str
    yes: bool

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = {person["name"]: person["written_to"] for person in await evidence.caregivers(self.student)}
        if self.caregiver not in found:
            return waiting(f"{self.student}'s caregiver {self.caregiver} has not been sent")
        return compared(f"{self.student}: letters to {self.caregiver}", self.yes, found[self.caregiver])


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A student's day has so many half days absent."""

    student: str
    day: date
    half_days: int

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = await evidence.day(self.student, self.day)
        if found is None:
            return waiting(f"{self.student} has no mark of {self.day}")
        return compared(f"{self.student} on {self.day}, half days absent", self.half_days, found["absent_half_days"])


@dataclass(frozen=True, slots=True)
class MarkIs:
    """The mark of a session (`AM`) or a slot (3) has this code; None: it was taken back, while another mark of the day stands."""

    student: str
    day: date
    place: str | int
    code: str | None

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = await evidence.day(self.student, self.day)
        if found is None:
            return waiting(f"{self.student} has no mark of {self.day}")
        codes = {mark.get("session") or mark.get("slot"): mark["code"] for mark in found["marks"]}
        if self.place not in codes and self.code is not None:
            return waiting(f"{self.student} has no mark of {self.day}, {self.place}")
        return compared(f"{self.student} on {self.day}, {self.place}", self.code, codes.get(self.place))


@dataclass(frozen=True, slots=True)
class TermCounts:
    """A student's term has so many half days absent, once marks of so many days have come."""

    student: str
    half_days: int
    days: int

    async def outcome(self, evidence: Evidence) -> Outcome:
        attendance = await evidence.attendance(self.student)
        came = sum(bool(day["marks"]) for day in attendance["days"]) if attendance else 0
        if attendance is None or came < self.days:
            return waiting(f"{self.student} has marks of {came} days; {self.days} are needed")
        return compared(f"{self.student}, half days absent in the term", self.half_days, attendance["absent_half_days"])


@dataclass(frozen=True, slots=True)
class RecordIs:
    """A student's record about a threshold has this status."""

    student: str
    threshold: int
    status: str

    async def outcome(self, evidence: Evidence) -> Outcome:
        attendance = await evidence.attendance(self.student)
        found = [record["status"] for record in attendance["star_records"] if record["threshold"] == self.threshold] if attendance else []
        if not found:
            return waiting(f"{self.student} has not reached {self.threshold} days: post the absences before the correction")
        return compared(f"{self.student}, record of {self.threshold} days", self.status, found[-1])


@dataclass(frozen=True, slots=True)
class ManyCount:
    """Many students' terms have so many half days absent each."""

    half_days: dict[str, int]

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = {key: round(2 * item["absent_days"]) for key, item in (await evidence.students()).items() if key in self.half_days}
        if len(found) < len(self.half_days):
            return waiting(f"{len(found)} of {len(self.half_days)} students have marks")
        wrong = sorted(key for key, half_days in self.half_days.items() if found[key] != half_days)
        if not wrong:
            return MET
        first = wrong[0]
        return Outcome("different", f"{len(wrong)} students differ; {first}: {self.half_days[first]} is right, {found[first]} is here")


@dataclass(frozen=True, slots=True)
class OutageBorne:
    """The door was closed for a while; what it refused came again, and not in a storm."""

    async def outcome(self, evidence: Evidence) -> Outcome:
        seen = await evidence.witnessed()
        if seen is None:
            return waiting("this set-up has no witness of requests: only `star run` has one")
        if not seen["outages"]:
            return waiting("there was no outage yet: star conform outage")
        if not seen["refused_in_outage"]:
            return waiting("no request came during the outage")
        if seen["most_a_second"] > MOST_A_SECOND:
            why = f"{seen['most_a_second']} requests in one second while the door was closed: wait as long as Retry-After says"
            return Outcome("different", why)
        return MET if seen["accepted_after"] else waiting("no marks came again after the outage")


MOST_A_SECOND: Final = 5
"""Requests a second during an outage: more is no patience."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push of this kind came through KAMAR's door, and was done."""

    sync: Sequence[str]

    async def outcome(self, evidence: Evidence) -> Outcome:
        found = [document for document in await evidence.kamar_documents() if document["sync"] in self.sync]
        if not found:
            return waiting(f"no push of the kind {' or '.join(self.sync)} came")
        return compared(f"the last push of the kind {found[0]['sync']}", "done", found[0]["state"])
