"""The facts in events about STAR records and responses, checked against what the Ministry's document can hold. Pure.

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
    """The student, term and threshold that a fact is about."""

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
        case Crossing() as data:
            subject = _subject(data)
            withdrawn = isinstance(data, ThresholdRetracted)
            yield RecordCrossed(data.record_id, subject, withdrawn, data.sequence, data.absent_half_days, data.occurred_on, event.time)
        case RecordUpdated() as data:
            subject = _subject(data)
            yield RecordMentioned(data.record_id, subject, data.status, data.updated_at, data.absent_half_days, data.crossed_on)
        case ResponseRecorded() as data:
            if len(data.activity) > _LONGEST_SLUG or not _SLUG.fullmatch(data.activity):
                raise UnfitEventError("the activity is not a code of small letters, digits and hyphens")
            subject = _subject(data)
            yield RecordMentioned(data.record_id, subject, None, data.recorded_at)
            at = data.amended_at if isinstance(data, ResponseAmended) else data.recorded_at
            yield ResponseGiven(data.response_id, data.record_id, subject, data.activity, data.occurred_on, at)
        case ResponseWithdrawn() as data:
            yield ResponseTakenBack(data.response_id, data.record_id, _subject(data), data.withdrawn_at)
        case _:
            raise UnfitEventError(f"nothing here knows what to do with {event.type.name}")


def _subject(data: Crossing | RecordUpdated | ResponseRecorded | ResponseWithdrawn) -> Subject:
    if not is_term_name(data.term):
        raise UnfitEventError("a term is named like 2026-T4")
    if not is_student_key(data.student):
        raise UnfitEventError("a student's key has 1 to 64 printable ASCII characters")
    return Subject(checked_school(data.school), data.student, data.student_id, data.term, data.threshold)
