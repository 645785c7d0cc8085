"""The topics, what keys them, and how long they are kept."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `retention` None means compacted: the last event of a key is kept for ever."""

    name: str
    key: str
    retention: timedelta | None
    personal: bool = False

    @property
    def compacted(self) -> bool:
        """Whether only the newest event of each key is kept."""
        return self.retention is None


# Marks are kept longer than the longest school year, so that a year's state can be built anew from them.
MARKS: Final = Topic("star.marks.v1", key="school", retention=timedelta(days=400))
SCHOOLS: Final = Topic("star.schools.v1", key="school", retention=None)
STUDENTS: Final = Topic("star.students.v1", key="student_id", retention=None, personal=True)
CROSSINGS: Final = Topic("star.crossings.v1", key="student_id", retention=timedelta(days=400))
RESPONSES: Final = Topic("star.responses.v1", key="student_id", retention=timedelta(days=400))
# Compacted, as only what is so now matters; apart from the crossings, which partners may read.
STANDINGS: Final = Topic("star.standings.v1", key="student_id", retention=None)
# Apart from the responses, which partners may read: a hold hints at a child's health.
LETTER_HOLDS: Final = Topic("star.letter-holds.v1", key="student_id", retention=timedelta(days=400))
PLANS: Final = Topic("star.plans.v1", key="school", retention=timedelta(days=400))
DEAD_LETTERS: Final = Topic("star.dead-letters.v1", key="topic/partition", retention=timedelta(days=90))

TOPICS: Final = (MARKS, SCHOOLS, STUDENTS, CROSSINGS, STANDINGS, RESPONSES, LETTER_HOLDS, PLANS, DEAD_LETTERS)
