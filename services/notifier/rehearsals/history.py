"""The crossings of one student's term as the facts that they once came as. Pure.

A crossing is kept with the times at which it was said and taken back, and without the tiers that its event named: these follow from the
crossings that stood at that time.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.notifier.letters.case import Fact
from shared.attendance.tiers import Threshold, Tier, tier_of
from shared.events.data import ThresholdCrossed, ThresholdRetracted
from shared.identifiers import crossing_event_id, star_record_id

TOGETHER: Final = timedelta(seconds=1)
"""Crossings that are said within this time belong to one change of the total."""


@dataclass(frozen=True, slots=True)
class PastCrossing:
    """A crossing as it is kept. `retracted_at` None: it stands, or was taken back after its letter at a time that nobody noted."""

    student_id: uuid.UUID
    term: str
    school: str
    student: str
    threshold: Threshold
    sequence: int
    said_at: datetime
    retracted_at: datetime | None = None


def facts_of(crossings: Sequence[PastCrossing]) -> list[Fact]:
    """The crossings and retractions of one student's term, oldest first."""
    ups = [(crossing.said_at, 0, crossing) for crossing in crossings]
    downs = [(crossing.retracted_at, 1, crossing) for crossing in crossings if crossing.retracted_at is not None]
    ordered = sorted([*ups, *downs], key=lambda happened: (happened[0], happened[1], happened[2].threshold, happened[2].sequence))
    return [_fact(crossing, at, is_up=not is_down, tier=_tier_at(crossings, at + TOGETHER)) for at, is_down, crossing in ordered]


def _tier_at(crossings: Sequence[PastCrossing], at: datetime) -> Tier:
    standing = [
        crossing.threshold
        for crossing in crossings
        if crossing.said_at <= at and (crossing.retracted_at is None or crossing.retracted_at > at)
    ]
    return tier_of(2 * max(standing, default=0))


def _fact(crossing: PastCrossing, at: datetime, *, is_up: bool, tier: Tier) -> Fact:
    direction: Literal["up", "down"] = "up" if is_up else "down"
    who, term, threshold, sequence = crossing.student_id, crossing.term, crossing.threshold, crossing.sequence
    data = (ThresholdCrossed if is_up else ThresholdRetracted)(
        school=crossing.school,
        student=crossing.student,
        student_id=who,
        term=term,
        threshold=threshold,
        direction=direction,
        from_tier="green",
        to_tier=tier,
        absent_half_days=threshold * 2,
        absent_days=float(threshold),
        occurred_on=at.date(),
        sequence=sequence,
        record_id=star_record_id(who, term, threshold),
    )
    return Fact(str(crossing_event_id(who, term, threshold, sequence, direction)), at, data)
