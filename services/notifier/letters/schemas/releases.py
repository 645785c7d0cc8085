"""Letters that wait for a person, as the API takes and answers them."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from shared.attendance.tiers import Threshold
from shared.events.data import LetterOccasion
from shared.web.pages import Page
from shared.web.schemas import Body


class WaitingLetter(BaseModel):
    """A letter that waits for a person. `absent_half_days` is the student's total as last counted."""

    id: uuid.UUID
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold | None = Field(description="null for a letter that is about no threshold")
    occasion: LetterOccasion | None = Field(description="The occasion of a letter that is about no threshold; null for any other")
    absent_half_days: int
    due_at: datetime
    awaiting_since: datetime


class WaitingCount(BaseModel):
    """The number of letters that wait about one threshold and fell due on one day of the school's."""

    day: date
    threshold: Threshold | None = Field(description="null for a letter that is about no threshold")
    occasion: LetterOccasion | None = Field(description="The occasion of a letter that is about no threshold; null for any other")
    letters: int


class WaitingLetters(Page[WaitingLetter]):
    """A page of letters that wait, the longest waiting first; the counts are of all pages."""

    total: int
    counts: list[WaitingCount]


class ChosenLetters(Body):
    """All letters that wait now, or those that are named."""

    all: Literal[True] | None = None
    letters: Annotated[list[uuid.UUID], Field(min_length=1, max_length=5_000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.all is None) == (self.letters is None):
            raise ValueError('name the letters, or say {"all": true}')
        return self


class DiscardedLetters(ChosenLetters):
    """Letters that are not to be sent, and why."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class DecidedLetters(BaseModel):
    """The number of letters that the decision was about, and how many still wait."""

    letters: int
    waiting: int
