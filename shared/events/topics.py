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
# Apart from the crossings, which letters and the Ministry follow: an approach is for those who would rather act before.
APPROACHES: Final = Topic("star.approaches.v1", key="student_id", retention=timedelta(days=400))
RESPONSES: Final = Topic("star.responses.v1", key="student_id", retention=timedelta(days=400))
# Compacted, as only what is so now matters; apart from the crossings, which partners may read.
STANDINGS: Final = Topic("star.standings.v1", key="student_id", retention=None)
# Apart from the responses, which partners may read: a hold hints at a child's health.
LETTER_HOLDS: Final = Topic("star.letter-holds.v1", key="student_id", retention=timedelta(days=400))
# Not for partners, either: what a family answers is between them and the school.
REPLIES: Final = Topic("star.replies.v1", key="student_id", retention=timedelta(days=400))
# What went to families, without a word of it. Not for partners: a letter is between the family and the school.
LETTERS: Final = Topic("star.letters.v1", key="student_id", retention=timedelta(days=400))
# A school asks how its students stand, as its letters are to say, and is answered student by student. Not for partners.
STATEMENT_REQUESTS: Final = Topic("star.statement-requests.v1", key="school", retention=timedelta(days=14))
STATEMENTS: Final = Topic("star.statements.v1", key="student_id", retention=timedelta(days=14))
PLANS: Final = Topic("star.plans.v1", key="school", retention=timedelta(days=400))
# A question and its answer are of use for seconds; a day lets somebody look at them. Not for partners: they are about what may never be.
PROPOSALS: Final = Topic("star.proposals.v1", key="school", retention=timedelta(days=1))
EFFECTS: Final = Topic("star.effects.v1", key="school", retention=timedelta(days=1))
# Without names, and kept as long as a register: a service that is restored to a backup reads on here, and erases again.
ERASURES: Final = Topic("star.erasures.v1", key="student_id", retention=timedelta(days=2557))
DEAD_LETTERS: Final = Topic("star.dead-letters.v1", key="topic/partition", retention=timedelta(days=90))

TOPICS: Final = (
    MARKS,
    SCHOOLS,
    STUDENTS,
    CROSSINGS,
    APPROACHES,
    STANDINGS,
    RESPONSES,
    LETTER_HOLDS,
    REPLIES,
    LETTERS,
    STATEMENT_REQUESTS,
    STATEMENTS,
    PLANS,
    PROPOSALS,
    EFFECTS,
    ERASURES,
    DEAD_LETTERS,
)
