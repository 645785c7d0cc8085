"""What a digest tells of: where each student's term began and ended between two digests. Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.attendance.tiers import Tier


@dataclass(frozen=True, slots=True)
class Step:
    """A crossing or retraction. Those of one change name the same two tiers."""

    student_id: uuid.UUID
    term: str
    from_tier: Tier
    to_tier: Tier
    absent_half_days: int
    said_at: datetime


def net(steps: Iterable[Step]) -> list[Step]:
    """One step for each student's term: from the tier before the first to the tier after the last. Who is back where they were moved not.

    `steps` come in the order in which they were said.
    """
    whole: dict[tuple[uuid.UUID, str], Step] = {}
    for step in steps:
        known = whole.setdefault((step.student_id, step.term), step)
        whole[step.student_id, step.term] = replace(step, from_tier=known.from_tier)
    return [step for step in whole.values() if step.from_tier != step.to_tier]
