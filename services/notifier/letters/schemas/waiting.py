"""Letters that have not gone yet, as the API counts, shows and takes decisions about them."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.notifier.contacts.recipients import Channel
from services.notifier.delivery.deliveries.schemas import ListedStatus
from services.notifier.letters.case import WaitingState
from shared.attendance.tiers import Threshold
from shared.events.data import LetterOccasion
from shared.web.schemas import Body


class StepCount(BaseModel):
    """The deliveries (and letters without one) of one status about one threshold."""

    status: ListedStatus
    threshold: Threshold | None = Field(description="null for a letter that is about no threshold")
    occasion: LetterOccasion | None = Field(description="The occasion of a letter that is about no threshold; null for any other")
    letters: int


class LettersSummary(BaseModel):
    """A school's letters in numbers: what waits, what was sent, what came back or failed, what ended without being sent."""

    waiting: int
    sent: int
    came_back: int
    ended: int
    steps: list[StepCount]


class SchoolLetters(BaseModel):
    """A school's letters in numbers; see LettersSummary. `held_back` are those among `waiting` that a person has to decide about."""

    school: str
    waiting: int
    held_back: int
    sent: int
    came_back: int
    ended: int


class PreviewedCopy(BaseModel):
    """The letter to one address. A text message has neither subject nor HTML."""

    names: list[str]
    address: str
    channel: Channel
    language: str
    subject: str | None
    text: str
    html: str | None


class LetterPreview(BaseModel):
    """A letter that waits as it would go now. Without copies, nobody can be written to."""

    letter: uuid.UUID
    student: str
    student_id: uuid.UUID
    name: str | None
    threshold: Threshold | None = Field(description="null for a letter that is about no threshold")
    occasion: LetterOccasion | None = Field(description="The occasion of a letter that is about no threshold; null for any other")
    absent_days: float
    status: WaitingState
    due_at: datetime
    copies: list[PreviewedCopy]


class NamedLetters(Body):
    """Letters that wait, by their ids."""

    letters: Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]


class EndedLetters(NamedLetters):
    """Letters that are not to be sent, and why."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class UndecidedItem(BaseModel):
    """A letter that the decision is not about, by its place in the request."""

    index: int
    reason: Literal["not-waiting", "on-hold"]
    detail: str


class DecidedItems(BaseModel):
    """The result, item by item."""

    accepted: int
    rejected: list[UndecidedItem]
