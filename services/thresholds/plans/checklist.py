"""The checklist of a plan: the points of the Ministry's guide, and which of them the plan meets. Pure.

The points are the guide's ("Implementing an Attendance Management Plan"); their wording here is ours.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dateutil.relativedelta import relativedelta

from services.thresholds.plans.plan import Plan, PlanState, PlanStep

REVIEW_WITHIN_YEARS: Final = 3
"""Plans are reviewed at least once every three years."""

PUBLISHED: Final = "published"


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its name, what it asks for, whether the plan meets it, and the reason."""

    point: str
    asks: str
    met: bool
    why: str


def checklist(plan: Plan, state: PlanState, usable: Collection[str], today: date) -> tuple[Point, ...]:
    """All points in the guide's order. `usable` are the keys of the school's activities that are not retired."""
    return (
        _written("objectives", "States the board's attendance objectives", plan.objectives, "objective"),
        _written("priorities", "States the board's strategic priorities", plan.priorities, "priority", "priorities"),
        _written("patterns", "Has processes to find patterns of absence", plan.processes.patterns, "process", "processes"),
        _written("barriers", "Has processes to find barriers and underlying causes", plan.processes.barriers, "process", "processes"),
        _written("measures", "Says how progress is monitored and measured", plan.monitoring.measures, "measure"),
        _written("achievement-links", "Links progress to student achievement", plan.monitoring.achievement_links, "link"),
        _expectations(plan),
        *(_threshold(plan, step, usable) for step in ("5", "10", "15")),
        _approval(plan, today),
        _effect(plan),
        _review(plan, today),
        Point(
            PUBLISHED,
            "Is published online",
            state == PUBLISHED,
            "everybody can read it" if state == PUBLISHED else f"this version is {'a draft' if state == 'draft' else 'superseded'}",
        ),
    )


def in_the_way(points: Sequence[Point]) -> list[Point]:
    """The points that keep a draft from being published."""
    return [point for point in points if not point.met and point.point != PUBLISHED]


def latest_review(approved_on: date) -> date:
    """The last day on which the review of a plan approved that day is in time."""
    return approved_on + relativedelta(years=REVIEW_WITHIN_YEARS)


def _written(point: str, asks: str, texts: Sequence[str], noun: str, plural: str | None = None) -> Point:
    return Point(point, asks, bool(texts), _counted(len(texts), noun, plural))


def _expectations(plan: Plan) -> Point:
    # Nothing is recorded for students under 5 days, so the step needs words only; actions are welcome.
    asks = "Says what is expected and done under 5 days"
    return _written("expectations", asks, plan.at("expectations").strategies, "strategy", "strategies")


def _threshold(plan: Plan, step: PlanStep, usable: Collection[str]) -> Point:
    approach = plan.at(step)
    gone = [key for key in approach.actions if key not in usable]
    if not approach.strategies:
        why = f"no strategy is written for {step} days"
    elif not approach.actions:
        why = f"no action is named for {step} days"
    elif gone:
        why = f"not among the school's activities, or retired: {', '.join(gone)}"
    else:
        why = f"{_counted(len(approach.strategies), 'strategy', 'strategies')}, {_counted(len(approach.actions), 'action')}"
    met = bool(approach.strategies and approach.actions) and not gone
    return Point(f"threshold-{step}", f"Has strategies and actions at {step} days", met, why)


def _approval(plan: Plan, today: date) -> Point:
    missing = [name for name, value in (("approved_on", plan.approved_on), ("approved_by", plan.approved_by)) if value is None]
    if plan.approved_on is not None and plan.approved_on > today:
        met, why = False, f"the approval, {plan.approved_on}, is still to come"
    elif missing:
        met, why = False, f"{' and '.join(missing)}: not said"
    else:
        met, why = True, f"approved on {plan.approved_on}"
    return Point("approval", "Is approved by the board", met, why)


def _effect(plan: Plan) -> Point:
    written = plan.effective_on is not None
    return Point("effect", "Says from when it takes effect", written, f"from {plan.effective_on}" if written else "effective_on: not said")


def _review(plan: Plan, today: date) -> Point:
    met, why = False, ""
    approved, review = plan.approved_on, plan.review_on
    if review is None:
        why = "review_on: not said"
    elif approved is None:
        why = "without the day of approval nobody can tell whether the review comes in time"
    elif review <= approved:
        why = f"the review, {review}, does not come after the approval, {approved}"
    elif review > latest_review(approved):
        why = f"the review, {review}, is due more than three years after the approval: {latest_review(approved)} at the latest"
    elif review < today:
        why = f"the review was due on {review}"
    else:
        met, why = True, f"due on {review}"
    return Point("review", f"Is reviewed within {REVIEW_WITHIN_YEARS} years", met, why)


def _counted(count: int, noun: str, plural: str | None = None) -> str:
    if count == 0:
        return "nothing is written yet"
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
