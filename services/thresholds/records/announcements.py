"""The events about the staff's work with STAR records. Staff, notes, reasons and assignments are in none of them. Pure."""

import uuid
from datetime import date, datetime
from typing import Any, Final

from services.thresholds.records.holds.hold import Hold
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.star_records.record import Record
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

RECORD_FIELDS: Final = frozenset({"status", "outcome", "due_on"})
"""The fields of a record that an event carries: a change of another one is nobody else's business."""

RESPONSE_FIELDS: Final = frozenset({"standard", "occurred_on"})
"""The fields of a response that an event carries."""


def record_updated(record: Record, due_on: date | None, now: datetime) -> Event:
    """Staff opened, closed or changed a record; `due_on` is its due day, by hand or by the school's rule."""
    data = RecordUpdated(
        record_id=record.id,
        **_subject(record),
        status="closed" if record.status == "closed" else "open",
        updated_at=now,
        absent_half_days=record.absent_half_days,
        crossed_on=record.crossed_on,
        due_on=due_on,
        outcome=record.outcome,
    )
    return _event(RECORD_UPDATED, data, now)


def response_recorded(record: Record, response: RecordedResponse) -> Event:
    """The event's id is the response's own."""
    data = ResponseRecorded(**_response(record, response))
    return _event(RESPONSE_RECORDED, data, response.recorded_at, str(response.id))


def response_amended(record: Record, response: RecordedResponse, now: datetime) -> Event:
    """The response as it reads now."""
    return _event(RESPONSE_AMENDED, ResponseAmended(**_response(record, response), amended_at=now), now)


def response_withdrawn(record: Record, response_id: uuid.UUID, now: datetime) -> Event:
    """A response that never happened."""
    data = ResponseWithdrawn(response_id=response_id, record_id=record.id, **_subject(record), withdrawn_at=now)
    return _event(RESPONSE_WITHDRAWN, data, now)


def letters_held(hold: Hold) -> Event:
    """A hold that begins, or takes another's place."""
    return _event(LETTERS_HELD, LettersHeld(**_subject(hold), until=hold.until, held_at=hold.held_at), hold.held_at)


def letters_released(hold: Hold, now: datetime) -> Event:
    """A hold that was lifted."""
    return _event(LETTERS_RELEASED, LettersReleased(**_subject(hold), released_at=now), now)


def _subject(about: Record | Hold) -> dict[str, Any]:
    return {
        "school": about.school,
        "student": about.student,
        "student_id": about.student_id,
        "term": about.term,
        "threshold": about.threshold,
    }


def _response(record: Record, response: RecordedResponse) -> dict[str, Any]:
    return {
        "response_id": response.id,
        "record_id": record.id,
        **_subject(record),
        "activity": response.standard,
        "occurred_on": response.occurred_on,
        "recorded_at": response.recorded_at,
    }


def _event(event_type: EventType, data: Any, now: datetime, event_id: str | None = None) -> Event:
    return Event(event_type, event_id or new_event_id(), "/thresholds", now, str(data.student_id), data)
