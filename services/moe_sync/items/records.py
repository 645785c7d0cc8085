"""A STAR record or a response as the facts so far make it, and its item in an upload. Pure.

Facts may come in any order and any number of times: of each kind the newest counts, and equal knowledge makes an equal item.
"""

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from services.moe_sync.items.facts import RecordCrossed, RecordMentioned, ResponseGiven, ResponseTakenBack, Subject
from services.moe_sync.items.item import RecordItem, RecordStatus, ResponseItem
from shared.clock import HOME_ZONE

HOME: Final = ZoneInfo(HOME_ZONE)


class Passing(Struct, frozen=True):
    """The newest passing of the threshold in one direction."""

    sequence: int
    absent_half_days: int
    occurred_on: date
    at: datetime


class Staff(Struct, frozen=True):
    """The last change by staff."""

    status: Literal["open", "closed"]
    at: datetime


class Opening(Struct, frozen=True):
    """The day on which a record was opened and the total then, as staff gave them last."""

    absent_half_days: int | None
    crossed_on: date | None
    at: datetime


class Record(Struct, frozen=True, kw_only=True):
    """A STAR record. `made_at` is when a record made by hand was first spoken of."""

    subject: Subject
    opened: Passing | None = None
    withdrawn: Passing | None = None
    staff: Staff | None = None
    made_at: datetime | None = None
    opening: Opening | None = None


class Response(Struct, frozen=True):
    """A response activity, and when it was recorded or amended. One that was withdrawn never happened, whatever else is said of it."""

    item: ResponseItem | None
    at: datetime | None
    withdrawn: bool = False


Knowledge = Record | Response


def learn_of_record(known: Record | None, fact: RecordCrossed | RecordMentioned) -> Record:
    """The record after a fact."""
    record = known or Record(subject=fact.subject)
    match fact:
        case RecordCrossed(withdrawn=withdrawn):
            passing = Passing(fact.sequence, fact.absent_half_days, fact.occurred_on, fact.at)
            before = record.withdrawn if withdrawn else record.opened
            if before is not None and before.sequence >= passing.sequence:
                return record
            return replace(record, withdrawn=passing) if withdrawn else replace(record, opened=passing)
        case RecordMentioned(status=status):
            if (fact.absent_half_days is not None or fact.crossed_on is not None) and (
                record.opening is None or record.opening.at < fact.at
            ):
                record = replace(record, opening=Opening(fact.absent_half_days, fact.crossed_on, fact.at))
            if status is not None and (record.staff is None or record.staff.at < fact.at):
                record = replace(record, staff=Staff(status, fact.at))
            if fact.by_hand and (record.made_at is None or fact.at < record.made_at):
                record = replace(record, made_at=fact.at)
            return record


def learn_of_response(known: Response | None, fact: ResponseGiven | ResponseTakenBack) -> Response:
    """The response after a fact."""
    response = known or Response(None, None)
    if isinstance(fact, ResponseTakenBack):
        return replace(response, withdrawn=True)
    if response.at is not None and response.at >= fact.at:
        return response
    item = ResponseItem(fact.response_id, fact.record_id, fact.subject.student_id, fact.activity, fact.occurred_on)
    return replace(response, item=item, at=fact.at)


def response_item(response: Response) -> ResponseItem | None:
    """The response as an upload says it; None while only its withdrawal has arrived."""
    if response.item is None:
        return None
    return replace(response.item, withdrawn=response.withdrawn)


def record_item(record_id: UUID, record: Record) -> RecordItem | None:
    """The record as an upload says it; None while staff have spoken of a crossing that has not arrived yet."""
    subject = record.subject
    crossing = record.opened or record.withdrawn
    if crossing is not None:
        days_absent, crossed_on = crossing.absent_half_days / 2, crossing.occurred_on
        sequence = max(passing.sequence for passing in (record.opened, record.withdrawn) if passing is not None)
    elif record.made_at is not None:
        days_absent, crossed_on = _opening(record, record.made_at)
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
        term=subject.term,
        origin="staff" if crossing is None else "crossing",
    )


def _opening(record: Record, made_at: datetime) -> tuple[float, date]:
    """The days absent and the day of a record made by hand.

    Events from before these were said say nothing of them. Then its threshold, where it has one, is the least that the days can be;
    without one nothing is claimed. Its day is then the day it was made.
    """
    half_days = record.opening.absent_half_days if record.opening is not None else None
    crossed_on = record.opening.crossed_on if record.opening is not None else None
    days_absent = float(record.subject.threshold or 0) if half_days is None else half_days / 2
    return days_absent, crossed_on or made_at.astimezone(HOME).date()


def _status(record: Record) -> RecordStatus:
    opened, withdrawn, staff = record.opened, record.withdrawn, record.staff
    # What corrected marks have withdrawn, only another crossing opens again: staff can't.
    if withdrawn is not None and (opened is None or withdrawn.sequence >= opened.sequence):
        return "withdrawn"
    if staff is not None and (opened is None or staff.at >= opened.at):
        return staff.status
    return "open"
