"""What the events say of STAR records and responses, checked for what the Ministry's document can hold. Pure.

An event that the document can't hold would have the whole upload refused, every week again: it goes to the dead letters instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from services.moe_sync.roster.unfit import UnfitEventError, checked_school
from shared.attendance.tiers import Threshold
from shared.events.data import (
    Crossing,
    RecordUpdated,
    ResponseAmended,
    ResponseRecorded,
    ResponseWithdrawn,
    ThresholdRetracted,
)
from shared.events.envelope import Event
from shared.identifiers import is_student_key, is_term_name, star_record_id

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG: Final = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose record or response a fact is about."""

    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None


@dataclass(frozen=True, slots=True)
class RecordCrossed:
    """A crossing opened the record, or its retraction withdrew it, for the `sequence`-th time."""

    record_id: UUID
    subject: Subject
    withdrawn: bool
    sequence: int
    absent_half_days: int
    occurred_on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordMentioned:
    """Staff opened or closed the record, or (status None) recorded a response on it.

    `absent_half_days` and `crossed_on` are the total when it was opened and that day, where the event says them.
    """

    record_id: UUID
    subject: Subject
    status: Literal["open", "closed"] | None
    at: datetime
    absent_half_days: int | None = None
    crossed_on: date | None = None

    @property
    def by_hand(self) -> bool:
        """Whether staff made the record: no crossing will ever tell of it, as those derive the ids of theirs."""
        subject = self.subject
        return subject.threshold is None or self.record_id != star_record_id(subject.student_id, subject.term, subject.threshold)


@dataclass(frozen=True, slots=True)
class ResponseGiven:
    """The school did something about the absence."""

    response_id: UUID
    record_id: UUID
    subject: Subject
    activity: str
    occurred_on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class ResponseTakenBack:
    """The response was recorded by mistake: it never happened."""

    response_id: UUID
    record_id: UUID
    subject: Subject
    at: datetime


Fact = RecordCrossed | RecordMentioned | ResponseGiven | ResponseTakenBack


def facts_of(event: Event) -> Iterator[Fact]:
    """The facts of an event, in the order they hold. Raises UnfitEventError."""
    match event.data:
        case Crossing() as said:
            subject = _subject(said)
            withdrawn = isinstance(said, ThresholdRetracted)
            yield RecordCrossed(said.record_id, subject, withdrawn, said.sequence, said.absent_half_days, said.occurred_on, event.time)
        case RecordUpdated() as said:
            subject = _subject(said)
            yield RecordMentioned(said.record_id, subject, said.status, said.updated_at, said.absent_half_days, said.crossed_on)
        case ResponseRecorded() as said:
            if len(said.activity) > _LONGEST_SLUG or not _SLUG.fullmatch(said.activity):
                raise UnfitEventError("the activity is not a code of small letters, digits and hyphens")
            subject = _subject(said)
            yield RecordMentioned(said.record_id, subject, None, said.recorded_at)
            said_at = said.amended_at if isinstance(said, ResponseAmended) else said.recorded_at
            yield ResponseGiven(said.response_id, said.record_id, subject, said.activity, said.occurred_on, said_at)
        case ResponseWithdrawn() as said:
            yield ResponseTakenBack(said.response_id, said.record_id, _subject(said), said.withdrawn_at)
        case _:
            raise UnfitEventError(f"nothing here knows what to do with {event.type.name}")


def _subject(said: Crossing | RecordUpdated | ResponseRecorded | ResponseWithdrawn) -> Subject:
    if not is_term_name(said.term):
        raise UnfitEventError("a term is named like 2026-T4")
    if not is_student_key(said.student):
        raise UnfitEventError("a student's key has 1 to 64 printable ASCII characters")
    return Subject(checked_school(said.school), said.student, said.student_id, said.term, said.threshold)
