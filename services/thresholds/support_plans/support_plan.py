"""A student's support plan: its document, and the rules for changing it. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from services.thresholds.casework.erasing import ERASED
from services.thresholds.casework.refusing import UnkeepableError
from services.thresholds.casework.schemas import Day, Line
from services.thresholds.schemas import Note, Text
from shared.web.schemas import Body

SupportPlanStatus = Literal["draft", "agreed", "ended"]
Side = Literal["school", "student", "family", "agency"]
Level = Literal["individual", "intensive"]
"""`intensive` is what STAR asks for at 15 days: several agencies, and meetings of all."""

MOST_LINES: Final = 50
FORTNIGHT: Final = 14
Every = Annotated[int, Field(ge=1, le=365)]


class Goal(Body):
    """A goal: `baseline` is where the student stands, `target` where they want to be, in words."""

    text: Line
    baseline: Line | None = None
    target: Line | None = None
    by: Day | None = None


class PlannedAction(Body):
    """An action: `who` is the side that does it, `owner` the person there, in words.

    `assigned_to` is the account of the member of staff who sees that it is done; null: whoever the plan is assigned to.
    """

    text: Line
    who: Side
    owner: Text | None = None
    assigned_to: Text | None = None
    by: Day | None = None
    done_on: Day | None = None


class Agreed(Body):
    """A person who agreed to the plan."""

    name: Text
    role: Text | None = None


class Review(Body):
    """A review of the plan. `took_part`: whether the family did."""

    on: Day
    note: Note | None = None
    staff: Text
    took_part: bool | None = None


class KeptReview(Review):
    """A review with its id; those of before have none."""

    id: UUID | None = None


class SupportPlan(Body):
    """A plan. `next_review` null: so many days after it is agreed, or reviewed. `assigned_to`: the account of the person who reviews it."""

    level: Level = "individual"
    barriers: list[Line] = Field(default=[], max_length=MOST_LINES)
    goals: list[Goal] = Field(default=[], max_length=MOST_LINES)
    actions: list[PlannedAction] = Field(default=[], max_length=MOST_LINES)
    review_every_days: Every = FORTNIGHT
    next_review: Day | None = None
    status: SupportPlanStatus = "draft"
    agreed_by: list[Agreed] = Field(default=[], max_length=MOST_LINES)
    agreed_on: Day | None = None
    assigned_to: Text | None = None


class KeptPlan(SupportPlan):
    """A plan with what happened to it: the day that it ended on, and its reviews, oldest first."""

    ended_on: Day | None = None
    reviews: list[KeptReview] = Field(default=[])


class SupportPlanPatch(Body):
    """The fields to change; those that you leave out stay as they are. A list takes the place of the one before."""

    level: Level | None = None
    barriers: list[Line] | None = Field(default=None, max_length=MOST_LINES)
    goals: list[Goal] | None = Field(default=None, max_length=MOST_LINES)
    actions: list[PlannedAction] | None = Field(default=None, max_length=MOST_LINES)
    review_every_days: Every | None = None
    next_review: Day | None = None
    status: SupportPlanStatus | None = None
    agreed_by: list[Agreed] | None = Field(default=None, max_length=MOST_LINES)
    agreed_on: Day | None = None
    assigned_to: Text | None = None


class ReviewIn(Review):
    """A review to record. `next_review`: the day of the next one, by default so many days later as the plan says.

    `activity` records it as a response too, by its key in the school's list.
    """

    next_review: Day | None = None
    activity: Text | None = Field(default=None, examples=["support-plan-reviewed"])


MAY_BE_NULL: Final = frozenset({"next_review", "agreed_on", "assigned_to"})


def settled(plan: KeptPlan, today: date) -> KeptPlan:
    """The plan with the days that follow from its status. Raises UnkeepableError.

    An agreed plan has a day that it was agreed on, and a next review; a draft has neither an agreement nor a review that comes due.
    """
    if any(day is not None and day > today for day in (plan.agreed_on, *(action.done_on for action in plan.actions))):
        raise UnkeepableError("future-date", "agreed_on and done_on can't be days that have not come")
    match plan.status:
        case "draft":
            return plan.model_copy(update={"agreed_on": None, "agreed_by": [], "ended_on": None})
        case "ended":
            return plan.model_copy(update={"ended_on": plan.ended_on or today, "next_review": None})
    if not plan.goals and not plan.actions:
        raise UnkeepableError("nothing-planned", "a plan that is agreed has a goal or an action")
    agreed_on = plan.agreed_on or today
    next_review = plan.next_review or agreed_on + timedelta(days=plan.review_every_days)
    return plan.model_copy(update={"agreed_on": agreed_on, "next_review": next_review, "ended_on": None})


def changed(plan: KeptPlan, patch: SupportPlanPatch, today: date) -> KeptPlan:
    """The plan after a change. Raises UnkeepableError."""
    if not patch.model_fields_set:
        raise UnkeepableError("bad-field", "name what is to be changed")
    for name in patch.model_fields_set - MAY_BE_NULL:
        if getattr(patch, name) is None:
            raise UnkeepableError("bad-field", f"{name}: can't be null")
    return settled(plan.model_copy(update={name: getattr(patch, name) for name in patch.model_fields_set}), today)


def reviewed(plan: KeptPlan, review: ReviewIn, id_: UUID, today: date) -> KeptPlan:
    """The plan after a review, which gets this id; the next one is due so many days later.

    Raises UnkeepableError for a plan that nobody has agreed to.
    """
    if plan.status != "agreed":
        raise UnkeepableError("not-agreed", "only a plan that is agreed, and has not ended, is reviewed")
    if review.on > today:
        raise UnkeepableError("future-date", "on has not come yet")
    kept = KeptReview(id=id_, **review.model_dump(include=set(Review.model_fields)))
    following = review.next_review or review.on + timedelta(days=plan.review_every_days)
    return plan.model_copy(update={"reviews": [*plan.reviews, kept], "next_review": following})


def review_of(plan: KeptPlan, id_: UUID) -> KeptReview | None:
    """The review with this id."""
    return next((kept for kept in plan.reviews if kept.id == id_), None)


def is_same(before: KeptReview, review: ReviewIn) -> bool:
    """Whether a review that has the request's id was made by this request."""
    return all(getattr(before, name) == getattr(review, name) for name in Review.model_fields)


def open_actions(plan: SupportPlan) -> list[PlannedAction]:
    """The actions with a day that nobody has done, the longest waiting first."""
    waiting = [action for action in plan.actions if action.by is not None and action.done_on is None]
    return sorted(waiting, key=lambda action: action.by or date.max)


def waits_from(plan: SupportPlan) -> date | None:
    """The day from which the plan waits for a person: its review is due, or the day of an action has passed."""
    if plan.status != "agreed":
        return None
    overdue = [action.by + timedelta(days=1) for action in open_actions(plan) if action.by is not None]
    return min([*([plan.next_review] if plan.next_review else []), *overdue], default=None)


def nameless(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without words about the student and the family: the sides, the days and the number of actions stay."""
    words = {"barriers", "goals", "agreed_by"}
    return {
        **document,
        **{name: [] for name in words},
        "actions": [{**action, "text": ERASED, "owner": None} for action in document["actions"]],
        "reviews": [{**review, "note": None} for review in document["reviews"]],
    }
