"""The movements in a digest: the tier of each student's term before and after, between two digests. Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.attendance.tiers import Tier


@dataclass(frozen=True, slots=True)
class Step:
    """A crossing or a retraction, as its event names it. Several events of one change name the same two tiers."""

    event_id: str
    school: str
    student_id: uuid.UUID
    term: str
    from_tier: Tier
    to_tier: Tier
    absent_half_days: int
    said_at: datetime


def net(steps: Iterable[Step]) -> list[Step]:
    """One step for each student's term: from the tier before the first step to the tier after the last, in the last one's name. A
    student who ends on the tier they started on is left out.

    `steps` come in the order of their events.
    """
    whole: dict[tuple[uuid.UUID, str], Step] = {}
    for step in steps:
        first = whole.setdefault((step.student_id, step.term), step)
        whole[step.student_id, step.term] = replace(step, from_tier=first.from_tier)
    return [step for step in whole.values() if step.from_tier != step.to_tier]
