"""The response activities that a school can record, as the API takes and answers them."""

from pydantic import BaseModel


class ActivityOut(BaseModel):
    """An activity that can be recorded."""

    activity: str
    label: str


class ActivityList(BaseModel):
    """The activities in the order they are offered."""

    items: list[ActivityOut]
    next: None = None
