"""The review of a plan, as the API answers it."""

from pydantic import BaseModel, Field

from shared.attendance.tiers import Threshold


class ActionDoneOut(BaseModel):
    """An action, and the students of the step for whom it was done."""

    activity: str
    label: str
    students: int = Field(description="Students of the step on whose record the action stands")
    sentence: str


class StepReviewOut(BaseModel):
    """A step of the plan, and what was done at it."""

    threshold: Threshold
    reached: int = Field(description="Students who reached the step in the term")
    without: int = Field(description="Students for whom none of the step's planned actions was done")
    planned: list[ActionDoneOut] = Field(description="The plan's actions at this step, in its order")
    beside: list[ActionDoneOut] = Field(description="Other activities that were done, the most frequent first")


class PlanReviewOut(BaseModel):
    """The plan's actions in a term: for how many students each was done."""

    school: str
    term: str
    version: int = Field(description="The version of the published plan")
    steps: list[StepReviewOut]
