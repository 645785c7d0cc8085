"""The response activities that staff are offered at a threshold: the published plan decides, where there is one."""

from collections.abc import Sequence
from typing import Final

from services.thresholds.plans.activities.activity import Activity
from services.thresholds.plans.plan import Plan, PlanStep
from shared.attendance.tiers import Threshold

STEP_OF: Final[dict[Threshold, PlanStep]] = {5: "5", 10: "10", 15: "15"}


def offered(activities: Sequence[Activity], plan: Plan | None, threshold: Threshold | None) -> list[Activity]:
    """The activities to offer, in order. `plan` is the published one; `threshold` None is a record made by hand, of no threshold.

    A published plan's actions are offered in the plan's order, but for those that the list has retired since; without a plan the
    list's own thresholds count. On a record of no threshold everything that is not retired is offered, in the list's order.
    """
    if plan is None or threshold is None:
        return [activity for activity in activities if activity.offered_at(threshold)]
    current = {activity.activity: activity for activity in activities if not activity.retired}
    return [current[key] for key in plan.at(STEP_OF[threshold]).actions if key in current]
