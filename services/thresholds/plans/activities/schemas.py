"""The response activities that a school can record, as the API takes and answers them."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from services.thresholds.plans.activities.activity import STANDARD, Activity
from services.thresholds.schemas import Text
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.web.schemas import Body

MOST_ACTIVITIES = 100

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class ActivityOut(BaseModel):
    """An entry of a school's list: its own key and label, the standard code that it stands for, and where it is offered."""

    activity: str
    label: str
    standard: str
    thresholds: list[Threshold]
    retired: bool

    @classmethod
    def of(cls, activity: Activity) -> "ActivityOut":
        """As the rules know it."""
        return cls.model_validate(activity, from_attributes=True)


class ActivityIn(Body):
    """An entry of the list. By default it is offered at every threshold."""

    activity: Slug
    label: Text
    standard: str
    thresholds: list[Threshold] = Field(default=list(THRESHOLDS))
    retired: bool = False

    @field_validator("standard")
    @classmethod
    def _known(cls, standard: str) -> str:
        if standard not in STANDARD:
            raise ValueError(f"none of the standard activities: {', '.join(STANDARD)}")
        return standard

    @field_validator("thresholds")
    @classmethod
    def _each_once(cls, thresholds: list[Threshold]) -> list[Threshold]:
        if not thresholds:
            raise ValueError("name one threshold at least; an activity that is not offered any more is retired")
        return sorted(set(thresholds))

    def entry(self) -> Activity:
        """As the rules know it."""
        return Activity(self.activity, self.label, self.standard, tuple(self.thresholds), self.retired)


class ActivitiesIn(Body):
    """The whole list in its order: `{"items": [...]}`, as GET answers it, or the list alone."""

    items: Annotated[list[ActivityIn], Field(min_length=1, max_length=MOST_ACTIVITIES)]
    # A list as it was answered has a null here. Generators of typed clients have no type for null alone.
    next: Annotated[str, Field(max_length=0)] | None = Field(default=None, examples=[None])

    @model_validator(mode="before")
    @classmethod
    def _list_alone(cls, body: Any) -> Any:
        return {"items": body} if isinstance(body, list) else body

    @model_validator(mode="after")
    def _keys_once(self) -> Self:
        keys = [entry.activity for entry in self.items]
        if len(set(keys)) < len(keys):
            raise ValueError("each activity can be in the list once only")
        if all(entry.retired for entry in self.items):
            raise ValueError("one activity at least has to be offered")
        return self
