"""Crossing events as the heart says them, for those who read them."""

from datetime import UTC, date, datetime

from shared.attendance.tiers import Threshold, Tier
from shared.events.catalogue import THRESHOLD_CROSSED, THRESHOLD_RETRACTED
from shared.events.data import ThresholdCrossed, ThresholdRetracted
from shared.events.envelope import Event
from shared.identifiers import crossing_event_id, star_record_id, student_id

SCHOOL, STUDENT, TERM = "0999", "12345", "2026-T4"
STUDENT_ID = student_id(SCHOOL, STUDENT)
SAID_AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def up(threshold: Threshold, half_days: int, *, to: Tier, sequence: int = 1, student: str = STUDENT, said_at: datetime = SAID_AT) -> Event:
    """The student passed a threshold upwards."""
    who = student_id(SCHOOL, student)
    data = ThresholdCrossed(
        school=SCHOOL,
        student=student,
        student_id=who,
        term=TERM,
        threshold=threshold,
        direction="up",
        from_tier="green",
        to_tier=to,
        absent_half_days=half_days,
        absent_days=half_days / 2,
        occurred_on=date(2026, 11, 19),
        sequence=sequence,
        record_id=star_record_id(who, TERM, threshold),
    )
    event_id = crossing_event_id(who, TERM, threshold, sequence, "up")
    return Event(THRESHOLD_CROSSED, str(event_id), "/thresholds", said_at, str(who), data)


def down(
    threshold: Threshold, half_days: int, *, to: Tier, sequence: int = 1, student: str = STUDENT, said_at: datetime = SAID_AT
) -> Event:
    """A correction took the student back under a threshold."""
    who = student_id(SCHOOL, student)
    data = ThresholdRetracted(
        school=SCHOOL,
        student=student,
        student_id=who,
        term=TERM,
        threshold=threshold,
        direction="down",
        from_tier="red",
        to_tier=to,
        absent_half_days=half_days,
        absent_days=half_days / 2,
        occurred_on=date(2026, 11, 20),
        sequence=sequence,
        record_id=star_record_id(who, TERM, threshold),
    )
    event_id = crossing_event_id(who, TERM, threshold, sequence, "down")
    return Event(THRESHOLD_RETRACTED, str(event_id), "/thresholds", said_at, str(who), data)
