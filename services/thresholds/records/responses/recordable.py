"""The responses that may be recorded on a STAR record. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from services.thresholds.plans.activities.activity import NEEDS_NOTE, Activity
from services.thresholds.plans.activities.offering import offered
from services.thresholds.plans.plan import Plan
from shared.attendance.tiers import Threshold

Unrecordable = Literal["unknown-activity", "activity-not-offered", "future-date", "note-missing"]


class UnrecordableError(ValueError):
    """A response that can't be recorded like this. `kind` is stable, for the problem's type."""

    def __init__(self, kind: Unrecordable, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def chosen(activities: Sequence[Activity], key: str, threshold: Threshold | None, plan: Plan | None = None) -> Activity:
    """The entry of the school's list that the key names. Raises UnrecordableError unless it is offered at the record's threshold: by the
    school's published `plan`, where there is one, or by the list."""
    here = offered(activities, plan, threshold)
    activity = next((listed for listed in activities if listed.activity == key), None)
    if activity is None:
        keys = ", ".join(offered_here.activity for offered_here in here)
        raise UnrecordableError("unknown-activity", f"the school's list has no such activity; offered here are: {keys}")
    if activity.retired:
        raise UnrecordableError("activity-not-offered", f"the school has retired {key}")
    if activity not in here:
        whose = "school" if plan is None else "school's published plan"
        raise UnrecordableError("activity-not-offered", f"the {whose} does not offer {key} at {threshold} days")
    return activity


def check(standard: str, occurred_on: date, note: str | None, today: date) -> None:
    """Raises UnrecordableError for a day that has not come, and for nothing done without a reason."""
    if occurred_on > today:
        raise UnrecordableError("future-date", "occurred_on has not come yet at the school")
    if standard == NEEDS_NOTE and not note:
        raise UnrecordableError("note-missing", "note: the reason why nothing was done")
