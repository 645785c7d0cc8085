"""What the other services hear of what staff do with STAR records. Staff, notes, reasons and assignments stay at home. Pure."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.thresholds.records.holds.hold import Hold
from shared.events.catalogue import (
    LETTERS_HELD,
    LETTERS_RELEASED,
    RECORD_UPDATED,
    RESPONSE_AMENDED,
    RESPONSE_RECORDED,
    RESPONSE_WITHDRAWN,
    EventType,
)
from shared.events.data import LettersHeld, LettersReleased, RecordUpdated, ResponseAmended, ResponseRecorded, ResponseWithdrawn
from shared.events.envelope import Event, new_event_id

Row = Mapping[str, Any]

RECORD_TOLD = frozenset({"status", "outcome", "due_on"})
"""The fields of a record that an event carries: a change of another one is nobody else's business."""

RESPONSE_TOLD = frozenset({"standard", "occurred_on"})
"""The same of a response."""


def record_updated(record: Row, due_on: date | None, now: datetime) -> Event:
    """Staff opened, closed or changed a record; `due_on` is its due day, by hand or by the school's rule."""
    data = RecordUpdated(
        record_id=record["id"],
        **_whose(record),
        status="closed" if record["status"] == "closed" else "open",
        updated_at=now,
        absent_half_days=record["absent_half_days"],
        crossed_on=record["crossed_on"],
        due_on=due_on,
        outcome=record["outcome"],
    )
    return _event(RECORD_UPDATED, data, now)


def response_recorded(record: Row, response: Row) -> Event:
    """The event's id is the response's own."""
    data = ResponseRecorded(**_response(record, response))
    return _event(RESPONSE_RECORDED, data, response["recorded_at"], str(response["id"]))


def response_amended(record: Row, response: Row, now: datetime) -> Event:
    """The response as it reads now."""
    return _event(RESPONSE_AMENDED, ResponseAmended(**_response(record, response), amended_at=now), now)


def response_withdrawn(record: Row, response_id: uuid.UUID, now: datetime) -> Event:
    """A response that never happened."""
    data = ResponseWithdrawn(response_id=response_id, record_id=record["id"], **_whose(record), withdrawn_at=now)
    return _event(RESPONSE_WITHDRAWN, data, now)


def letters_held(hold: Hold) -> Event:
    """A hold that begins, or takes another's place."""
    data = LettersHeld(
        school=hold.school,
        student=hold.student,
        student_id=hold.student_id,
        term=hold.term,
        threshold=hold.threshold,
        until=hold.until,
        held_at=hold.held_at,
    )
    return _event(LETTERS_HELD, data, hold.held_at)


def letters_released(hold: Hold, now: datetime) -> Event:
    """A hold that was lifted."""
    data = LettersReleased(
        school=hold.school,
        student=hold.student,
        student_id=hold.student_id,
        term=hold.term,
        threshold=hold.threshold,
        released_at=now,
    )
    return _event(LETTERS_RELEASED, data, now)


def _whose(record: Row) -> dict[str, Any]:
    return {name: record[name] for name in ("school", "student", "student_id", "term", "threshold")}


def _response(record: Row, response: Row) -> dict[str, Any]:
    return {
        "response_id": response["id"],
        "record_id": record["id"],
        **_whose(record),
        "activity": response["standard"],
        "occurred_on": response["occurred_on"],
        "recorded_at": response["recorded_at"],
    }


def _event(event_type: EventType, data: Any, now: datetime, event_id: str | None = None) -> Event:
    return Event(event_type, event_id or new_event_id(), "/thresholds", now, str(data.student_id), data)
