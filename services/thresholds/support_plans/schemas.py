"""Support plans, as the API answers them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.support_plans.support_plan import Agreed, Goal, Level, PlannedAction, Review, SupportPlanStatus


class StretchOut(BaseModel):
    """Up to four weeks: school days, half days absent in them, and half days marked as absent or attended."""

    days: int
    absent_half_days: int
    marked_half_days: int


class EffectOut(BaseModel):
    """The student's absences before and since the day on which the plan was agreed, in that day's term. `caution` belongs beside it."""

    term: str
    before: StretchOut
    since: StretchOut
    sentence: str | None
    caution: str


class SupportPlanOut(BaseModel):
    """A support plan. `version` counts its changes. `overdue_actions`: those whose day has passed, and that nobody has done.

    `effect` is shown with a single plan that was agreed, and null in lists.
    """

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    level: Level
    barriers: list[str]
    goals: list[Goal]
    actions: list[PlannedAction]
    review_every_days: int
    next_review: date | None
    status: SupportPlanStatus
    agreed_by: list[Agreed]
    agreed_on: date | None
    assigned_to: str | None
    ended_on: date | None
    reviews: list[Review]
    overdue_actions: int
    effect: EffectOut | None
    version: int
    made_by: str
    made_at: datetime
    updated_at: datetime
