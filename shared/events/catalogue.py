"""The event catalogue: every event of the house, the topic it travels on and the shape of its data.

Names are past tense, versioned, one fact each. Documents and schemas for partners are generated from this module.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from shared.events import data, topics


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event."""

    name: str
    topic: topics.Topic
    data: type[Struct]

    @property
    def summary(self) -> str:
        """The event in one line."""
        return (self.data.__doc__ or "").strip().splitlines()[0]


MARKS_RECORDED: Final = EventType("nz.star.marks.recorded.v1", topics.MARKS, data.MarksRecorded)
SCHOOL_UPDATED: Final = EventType("nz.star.school.updated.v1", topics.SCHOOLS, data.SchoolUpdated)
STUDENT_UPDATED: Final = EventType("nz.star.student.updated.v1", topics.STUDENTS, data.StudentUpdated)
THRESHOLD_CROSSED: Final = EventType("nz.star.threshold.crossed.v1", topics.CROSSINGS, data.ThresholdCrossed)
THRESHOLD_RETRACTED: Final = EventType("nz.star.threshold.retracted.v1", topics.CROSSINGS, data.ThresholdRetracted)
THRESHOLD_APPROACHING: Final = EventType("nz.star.threshold.approaching.v1", topics.APPROACHES, data.ThresholdApproaching)
STANDING_CHANGED: Final = EventType("nz.star.standing.changed.v1", topics.STANDINGS, data.StandingChanged)
RESPONSE_RECORDED: Final = EventType("nz.star.response.recorded.v1", topics.RESPONSES, data.ResponseRecorded)
RESPONSE_AMENDED: Final = EventType("nz.star.response.amended.v1", topics.RESPONSES, data.ResponseAmended)
RESPONSE_WITHDRAWN: Final = EventType("nz.star.response.withdrawn.v1", topics.RESPONSES, data.ResponseWithdrawn)
RECORD_UPDATED: Final = EventType("nz.star.record.updated.v1", topics.RESPONSES, data.RecordUpdated)
LETTERS_HELD: Final = EventType("nz.star.letters.held.v1", topics.LETTER_HOLDS, data.LettersHeld)
LETTERS_RELEASED: Final = EventType("nz.star.letters.released.v1", topics.LETTER_HOLDS, data.LettersReleased)
FAMILY_REPLIED: Final = EventType("nz.star.family.replied.v1", topics.REPLIES, data.FamilyReplied)
LETTER_SENT: Final = EventType("nz.star.letter.sent.v1", topics.LETTERS, data.LetterSent)
LETTER_CAME_BACK: Final = EventType("nz.star.letter.came-back.v1", topics.LETTERS, data.LetterCameBack)
STATEMENTS_REQUESTED: Final = EventType("nz.star.statements.requested.v1", topics.STATEMENT_REQUESTS, data.StatementsRequested)
STATEMENT_MADE: Final = EventType("nz.star.statement.made.v1", topics.STATEMENTS, data.StatementMade)
PLAN_PUBLISHED: Final = EventType("nz.star.plan.published.v1", topics.PLANS, data.PlanPublished)
PLAN_REVIEW_DUE: Final = EventType("nz.star.plan.review-due.v1", topics.PLANS, data.PlanReviewDue)
DUTIES_DUE: Final = EventType("nz.star.duties.due.v1", topics.PLANS, data.DutiesDue)
CHANGE_PROPOSED: Final = EventType("nz.star.change.proposed.v1", topics.PROPOSALS, data.ChangeProposed)
CHANGE_JUDGED: Final = EventType("nz.star.change.judged.v1", topics.EFFECTS, data.ChangeJudged)
STUDENT_ERASED: Final = EventType("nz.star.student.erased.v1", topics.ERASURES, data.StudentErased)
DEAD_LETTERED: Final = EventType("nz.star.dead-letter.recorded.v1", topics.DEAD_LETTERS, data.DeadLettered)
DEAD_LETTER_SETTLED: Final = EventType("nz.star.dead-letter.settled.v1", topics.DEAD_LETTERS, data.DeadLetterSettled)

EVENTS: Final = (
    MARKS_RECORDED,
    SCHOOL_UPDATED,
    STUDENT_UPDATED,
    THRESHOLD_CROSSED,
    THRESHOLD_RETRACTED,
    THRESHOLD_APPROACHING,
    STANDING_CHANGED,
    RESPONSE_RECORDED,
    RESPONSE_AMENDED,
    RESPONSE_WITHDRAWN,
    RECORD_UPDATED,
    LETTERS_HELD,
    LETTERS_RELEASED,
    FAMILY_REPLIED,
    LETTER_SENT,
    LETTER_CAME_BACK,
    STATEMENTS_REQUESTED,
    STATEMENT_MADE,
    PLAN_PUBLISHED,
    PLAN_REVIEW_DUE,
    DUTIES_DUE,
    CHANGE_PROPOSED,
    CHANGE_JUDGED,
    STUDENT_ERASED,
    DEAD_LETTERED,
    DEAD_LETTER_SETTLED,
)
PARTNER_EVENTS: Final = (
    THRESHOLD_CROSSED,
    THRESHOLD_RETRACTED,
    THRESHOLD_APPROACHING,
    RESPONSE_RECORDED,
    RESPONSE_AMENDED,
    RESPONSE_WITHDRAWN,
    RECORD_UPDATED,
    PLAN_PUBLISHED,
)
"""The events that partners may get by webhook, and but for approaches in the feed. A hold hints at a child's health, and so
does a family's reply; reminders and standings are the school's own."""

BY_NAME: Final = MappingProxyType({event.name: event for event in EVENTS})
