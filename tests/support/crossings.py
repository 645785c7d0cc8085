"""Crossing events as the heart says them, for those who read them."""

from datetime import UTC, date, datetime
from typing import Literal

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
    return crossing(
        "up", threshold, half_days, tiers=("green", to), sequence=sequence, student=student, said_at=said_at, occurred_on=date(2026, 11, 19)
    )


def down(
    threshold: Threshold, half_days: int, *, to: Tier, sequence: int = 1, student: str = STUDENT, said_at: datetime = SAID_AT
) -> Event:
    """A correction took the student back under a threshold."""
    return crossing(
        "down", threshold, half_days, tiers=("red", to), sequence=sequence, student=student, said_at=said_at, occurred_on=date(2026, 11, 20)
    )


def crossing(
    direction: Literal["up", "down"],
    threshold: Threshold,
    half_days: int,
    *,
    tiers: tuple[Tier, Tier],
    sequence: int,
    student: str,
    said_at: datetime,
    occurred_on: date,
    school: str = SCHOOL,
) -> Event:
    """A crossing of any school and moment; `tiers` are those before and after."""
    who = student_id(school, student)
    kind, said = (THRESHOLD_CROSSED, ThresholdCrossed) if direction == "up" else (THRESHOLD_RETRACTED, ThresholdRetracted)
    data = said(
        school=school,
        student=student,
        student_id=who,
        term=TERM,
        threshold=threshold,
        direction=direction,
        from_tier=tiers[0],
        to_tier=tiers[1],
        absent_half_days=half_days,
        absent_days=half_days / 2,
        occurred_on=occurred_on,
        sequence=sequence,
        record_id=star_record_id(who, TERM, threshold),
    )
    event_id = crossing_event_id(who, TERM, threshold, sequence, direction)
    return Event(kind, str(event_id), "/thresholds", said_at, str(who), data)
