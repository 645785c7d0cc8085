"""Crossing events as the heart says them, for those who read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypedDict, Unpack

from shared.attendance.tiers import TIERS, Threshold, Tier, level_of
from shared.events.catalogue import STANDING_CHANGED, STATEMENT_MADE, THRESHOLD_CROSSED, THRESHOLD_RETRACTED
from shared.events.data import AbsentDay, LetterOccasion, StandingChanged, StatementMade, ThresholdCrossed, ThresholdRetracted
from shared.events.envelope import Event
from shared.identifiers import crossing_event_id, standing_event_id, star_record_id, statement_event_id, student_id

SCHOOL, STUDENT, TERM = "0999", "12345", "2026-T4"
STUDENT_ID = student_id(SCHOOL, STUDENT)
SAID_AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class Circumstances(TypedDict, total=False):
    """Parts of a crossing that most tests leave as they are."""

    sequence: int
    student: str
    said_at: datetime
    standing: int


def up(threshold: Threshold, half_days: int, *, to: Tier, **more: Unpack[Circumstances]) -> Event:
    """The student passed a threshold upwards."""
    return crossing("up", threshold, half_days, tiers=("green", to), occurred_on=date(2026, 11, 19), **more)


def down(threshold: Threshold, half_days: int, *, to: Tier, **more: Unpack[Circumstances]) -> Event:
    """A correction took the student back under a threshold."""
    return crossing("down", threshold, half_days, tiers=("red", to), occurred_on=date(2026, 11, 20), **more)


def crossing(
    direction: Literal["up", "down"],
    threshold: Threshold,
    half_days: int,
    *,
    tiers: tuple[Tier, Tier],
    occurred_on: date,
    sequence: int = 1,
    student: str = STUDENT,
    said_at: datetime = SAID_AT,
    school: str = SCHOOL,
    standing: int = 0,
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
        standing=standing,
    )
    event_id = crossing_event_id(who, TERM, threshold, sequence, direction)
    return Event(kind, str(event_id), "/thresholds", said_at, str(who), data)


def days(count: int, *, first: date = date(2026, 11, 2)) -> list[AbsentDay]:
    """So many whole school days in a row, weekends left out."""
    ahead = (first + timedelta(days=number) for number in range(count * 2 + 7))
    return [AbsentDay(day, 2) for day, _ in zip((day for day in ahead if day.weekday() < 5), range(count), strict=False)]


def stands(absent_on: list[AbsentDay], version: int, *, illness: int = 0, student: str = STUDENT, said_at: datetime = SAID_AT) -> Event:
    """The student's state now."""
    who = student_id(SCHOOL, student)
    half_days = sum(day.half_days for day in absent_on)
    data = StandingChanged(
        school=SCHOOL,
        student=student,
        student_id=who,
        term=TERM,
        tier=TIERS[level_of(half_days)],
        absent_half_days=half_days,
        absent_days=half_days / 2,
        absent_on=absent_on,
        illness_half_days=illness,
        version=version,
    )
    return Event(STANDING_CHANGED, str(standing_event_id(who, TERM, version)), "/thresholds", said_at, str(who), data)


def statement(
    occasion: LetterOccasion,
    absent_on: list[AbsentDay],
    *,
    on: date = date(2026, 11, 23),
    since: date | None = None,
    standing: int = 0,
    average: float | None = None,
    student: str = STUDENT,
    said_at: datetime = SAID_AT,
) -> Event:
    """The answer about a student to a question of the school's."""
    who = student_id(SCHOOL, student)
    half_days = sum(day.half_days for day in absent_on)
    data = StatementMade(
        school=SCHOOL,
        student=student,
        student_id=who,
        term=TERM,
        occasion=occasion,
        on=on,
        since=since,
        tier=TIERS[level_of(half_days)],
        absent_half_days=half_days,
        absent_days=half_days / 2,
        absent_on=absent_on,
        illness_half_days=0,
        standing=standing,
        school_average_days=average,
    )
    return Event(STATEMENT_MADE, str(statement_event_id(who, TERM, occasion, on)), "/thresholds", said_at, str(who), data)
