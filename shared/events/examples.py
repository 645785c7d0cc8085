"""An example of each event that partners hear, all of one made-up student of a made-up school, for the documents."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from shared.events import catalogue, data
from shared.events.envelope import Event
from shared.identifiers import approaching_event_id, crossing_event_id, star_record_id, student_id

_SCHOOL: Final = "0999"
_WHO: Final = student_id(_SCHOOL, "12345")
_RECORD: Final = star_record_id(_WHO, "2026-T4", 5)
_RESPONSE: Final = UUID("4f0f4d0e-7f5e-4a51-9a43-0a3f7b2f6c11")
_AT: Final = datetime(2026, 10, 19, 2, 11, 7, tzinfo=UTC)
_WHOSE: Final[dict[str, Any]] = {
    "record_id": _RECORD,
    "school": _SCHOOL,
    "student": "12345",
    "student_id": _WHO,
    "term": "2026-T4",
    "threshold": 5,
}
_ABSENT: Final = [data.AbsentDay(date(2026, 10, day), 2) for day in (12, 13, 14, 15, 16)]
_ACTIVITY: Final[dict[str, Any]] = {
    "response_id": _RESPONSE,
    "activity": "conversation-with-whanau",
    "occurred_on": date(2026, 10, 20),
    "recorded_at": datetime(2026, 10, 20, 1, 30, tzinfo=UTC),
}


def _event(event: catalogue.EventType, event_id: UUID | str, at: datetime, content: Any, key: str = str(_WHO)) -> Event:
    return Event(event, str(event_id), "/thresholds", at, key, content)


EXAMPLES: Final = (
    _event(
        catalogue.THRESHOLD_CROSSED,
        crossing_event_id(_WHO, "2026-T4", 5, 1, "up"),
        _AT,
        data.ThresholdCrossed(
            **_WHOSE,
            direction="up",
            from_tier="green",
            to_tier="yellow",
            absent_half_days=10,
            absent_days=5.0,
            occurred_on=date(2026, 10, 16),
            sequence=1,
            absent_on=_ABSENT,
            illness_half_days=6,
        ),
    ),
    _event(
        catalogue.THRESHOLD_RETRACTED,
        crossing_event_id(_WHO, "2026-T4", 5, 1, "down"),
        datetime(2026, 10, 21, 21, 4, 55, tzinfo=UTC),
        data.ThresholdRetracted(
            **_WHOSE,
            direction="down",
            from_tier="yellow",
            to_tier="green",
            absent_half_days=8,
            absent_days=4.0,
            occurred_on=date(2026, 10, 22),
            sequence=1,
            absent_on=_ABSENT[1:],
            illness_half_days=6,
        ),
    ),
    _event(
        catalogue.THRESHOLD_APPROACHING,
        approaching_event_id(_WHO, "2026-T4", 5, date(2026, 10, 15)),
        datetime(2026, 10, 15, 1, 8, 12, tzinfo=UTC),
        data.ThresholdApproaching(
            school=_SCHOOL,
            student="12345",
            student_id=_WHO,
            term="2026-T4",
            threshold=5,
            absent_half_days=8,
            absent_days=4.0,
            left_half_days=2,
            occurred_on=date(2026, 10, 15),
        ),
    ),
    _event(
        catalogue.RESPONSE_RECORDED,
        "0d1c7f0a-93a2-4c39-9a0f-2d9f5b8e7a01",
        _ACTIVITY["recorded_at"],
        data.ResponseRecorded(**_WHOSE, **_ACTIVITY),
    ),
    _event(
        catalogue.RESPONSE_AMENDED,
        "0d1c7f0a-93a2-4c39-9a0f-2d9f5b8e7a02",
        datetime(2026, 10, 20, 2, 0, tzinfo=UTC),
        data.ResponseAmended(
            **_WHOSE, **_ACTIVITY | {"activity": "meeting-with-whanau"}, amended_at=datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
        ),
    ),
    _event(
        catalogue.RESPONSE_WITHDRAWN,
        "0d1c7f0a-93a2-4c39-9a0f-2d9f5b8e7a03",
        datetime(2026, 10, 20, 2, 30, tzinfo=UTC),
        data.ResponseWithdrawn(**_WHOSE, response_id=_RESPONSE, withdrawn_at=datetime(2026, 10, 20, 2, 30, tzinfo=UTC)),
    ),
    _event(
        catalogue.RECORD_UPDATED,
        "0d1c7f0a-93a2-4c39-9a0f-2d9f5b8e7a04",
        datetime(2026, 11, 2, 20, 15, tzinfo=UTC),
        data.RecordUpdated(
            **_WHOSE,
            status="closed",
            updated_at=datetime(2026, 11, 2, 20, 15, tzinfo=UTC),
            absent_half_days=10,
            crossed_on=date(2026, 10, 16),
            due_on=date(2026, 10, 30),
            outcome="attendance-improved",
        ),
    ),
    _event(
        catalogue.PLAN_PUBLISHED,
        "0d1c7f0a-93a2-4c39-9a0f-2d9f5b8e7a05",
        datetime(2026, 1, 28, 0, 0, tzinfo=UTC),
        data.PlanPublished(
            school=_SCHOOL,
            version=1,
            effective_on=date(2026, 2, 2),
            review_on=date(2029, 2, 1),
            published_at=datetime(2026, 1, 28, 0, 0, tzinfo=UTC),
            activities={"5": ["conversation-with-whanau"], "10": ["meeting-with-whanau"], "15": ["attendance-service-referral"]},
        ),
        _SCHOOL,
    ),
)
