"""Counts of what was done against what the plan says. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.thresholds.plans.plan import Plan, PlanStep
from shared.attendance.tiers import THRESHOLDS, Threshold

Done = Mapping[Threshold, Mapping[str, Collection[str]]]
"""By threshold, each student who reached it, with the activities that stand on that record."""


@dataclass(frozen=True, slots=True)
class ActionDone:
    """An action of the plan at a step, and the number of students for whom it was done."""

    activity: str
    label: str
    students: int


@dataclass(frozen=True, slots=True)
class StepReview:
    """A step of the plan: the students who reached it, its actions, and those done that the plan does not name there. `without`: students
    for whom none of the step's actions was done."""

    threshold: Threshold
    reached: int
    actions: Sequence[ActionDone]
    beside: Sequence[ActionDone]
    without: int

    def sentence(self, action: ActionDone) -> str:
        """`Meeting with whānau: done for 12 of the 15 students who reached 10 days.`"""
        who = "the 1 student" if self.reached == 1 else f"the {self.reached} students"
        return f"{action.label}: done for {action.students} of {who} who reached {self.threshold} days."


def review(plan: Plan, done: Done, labels: Mapping[str, str]) -> list[StepReview]:
    """A step for each threshold, actions in the plan's order, and what else was done by how often it was."""
    return [_step(threshold, plan.at(_name(threshold)).actions, done.get(threshold, {}), labels) for threshold in THRESHOLDS]


def _step(threshold: Threshold, planned: Sequence[str], students: Mapping[str, Collection[str]], labels: Mapping[str, str]) -> StepReview:
    def counted(activity: str) -> ActionDone:
        return ActionDone(activity, labels.get(activity, activity), sum(activity in did for did in students.values()))

    others = {activity for did in students.values() for activity in did} - set(planned)
    beside = sorted(map(counted, others), key=lambda action: (-action.students, action.label))
    without = sum(not set(planned) & set(did) for did in students.values()) if planned else 0
    return StepReview(threshold, len(students), [counted(activity) for activity in planned], beside, without)


def _name(threshold: Threshold) -> PlanStep:
    match threshold:
        case 5:
            return "5"
        case 10:
            return "10"
    return "15"
