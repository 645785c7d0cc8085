"""What is known of a STAR record or a response, by the facts so far, and the item that it makes in an upload. Pure.

Facts may come in any order and any number of times: of each kind the newest counts, and equal knowledge makes an equal item.
"""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from services.moe_sync.document import RecordItem, RecordStatus, ResponseItem
from services.moe_sync.facts import RecordCrossed, RecordMentioned, ResponseGiven, Subject

NEW_ZEALAND: Final = ZoneInfo("Pacific/Auckland")


class Passing(Struct, frozen=True):
    """The newest passing of the threshold in one direction."""

    sequence: int
    absent_half_days: int
    occurred_on: date
    at: datetime


class Staff(Struct, frozen=True):
    """What staff said last."""

    status: Literal["open", "closed"]
    at: datetime


class Record(Struct, frozen=True, kw_only=True):
    """A STAR record. `made_at` is when a record made by hand was first spoken of."""

    subject: Subject
    opened: Passing | None = None
    withdrawn: Passing | None = None
    staff: Staff | None = None
    made_at: datetime | None = None


class Response(Struct, frozen=True):
    """A response activity, and when it was recorded."""

    item: ResponseItem
    at: datetime


Knowledge = Record | Response


def learn_of_record(known: Record | None, fact: RecordCrossed | RecordMentioned) -> Record:
    """What is known of a record after a fact."""
    record = known or Record(subject=fact.subject)
    match fact:
        case RecordCrossed(withdrawn=withdrawn):
            passing = Passing(fact.sequence, fact.absent_half_days, fact.occurred_on, fact.at)
            before = record.withdrawn if withdrawn else record.opened
            if before is not None and before.sequence >= passing.sequence:
                return record
            return replace(record, withdrawn=passing) if withdrawn else replace(record, opened=passing)
        case RecordMentioned(status=status):
            if status is not None and (record.staff is None or record.staff.at < fact.at):
                record = replace(record, staff=Staff(status, fact.at))
            if fact.by_hand and (record.made_at is None or fact.at < record.made_at):
                record = replace(record, made_at=fact.at)
            return record


def learn_of_response(known: Response | None, fact: ResponseGiven) -> Response:
    """What is known of a response after a fact."""
    if known is not None and known.at >= fact.at:
        return known
    item = ResponseItem(fact.response_id, fact.record_id, fact.subject.student_id, fact.activity, fact.occurred_on)
    return Response(item, fact.at)


def record_item(record_id: UUID, record: Record) -> RecordItem | None:
    """The record as an upload says it; None while staff have spoken of a crossing that has not arrived yet."""
    subject = record.subject
    crossing = record.opened or record.withdrawn
    if crossing is not None:
        days_absent, crossed_on = crossing.absent_half_days / 2, crossing.occurred_on
        sequence = max(passing.sequence for passing in (record.opened, record.withdrawn) if passing is not None)
    elif record.made_at is not None:
        # Nobody tells of the days absent when a record is made by hand. Its threshold, where it has one, is the least they can be
        # (and the least that the Ministry's end takes); without one nothing is claimed. Its day is the day it was made.
        days_absent, crossed_on = float(subject.threshold or 0), record.made_at.astimezone(NEW_ZEALAND).date()
        sequence = 1
    else:
        return None
    return RecordItem(
        id=record_id,
        student_id=subject.student_id,
        student=subject.student,
        threshold=subject.threshold,
        days_absent=days_absent,
        crossed_on=crossed_on,
        status=_status(record),
        sequence=sequence,
    )


def _status(record: Record) -> RecordStatus:
    opened, withdrawn, staff = record.opened, record.withdrawn, record.staff
    # What corrected marks have withdrawn, only another crossing opens again: staff can't.
    if withdrawn is not None and (opened is None or withdrawn.sequence >= opened.sequence):
        return "withdrawn"
    if staff is not None and (opened is None or staff.at >= opened.at):
        return staff.status
    return "open"
