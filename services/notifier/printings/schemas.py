"""Printings, as the API takes and answers them."""

import uuid
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.notifier.printings.printing import Order, Printing
from shared.web.schemas import Body


class PrintingIn(Body):
    """Letters to print together: those that wait, the oldest first where they are more than one pile."""

    sorted_by: Order = Field(default="postcode", description="The order of the pile: `postcode`, or the child's `name`")


class PostedIn(Body):
    """The day on which a pile was posted."""

    on: date = Field(description="Not before the day on which it was printed, and not to come")


class PrintingOut(BaseModel):
    """A pile of letters: to be posted, posted, or dropped."""

    id: uuid.UUID
    school: str
    sorted_by: Order = Field(description="The order of the pile")
    letters: int = Field(description="Letters that were printed")
    made_at: datetime = Field(description="When it was printed")
    made_by: str = Field(description="The subject of the token that had it printed")
    posted_on: date | None = Field(description="The day on which it was posted; null until then")
    posted_at: datetime | None = Field(description="When that was recorded; null until then")
    posted_by: str | None = Field(description="The subject of the token that recorded it")
    dropped_at: datetime | None = Field(description="When it was dropped: its letters wait again; null for one that was not")

    @classmethod
    def of(cls, printing: Printing) -> Self:
        """A printing as the API shows it."""
        return cls.model_validate(printing, from_attributes=True)


class TakenBack(BaseModel):
    """A letter of the pile that must not be posted any more."""

    place: int = Field(description="Its number in the pile", examples=[3])
    student: str
    student_id: uuid.UUID


class PrintingMade(PrintingOut):
    """A pile with the letters that were taken back since it was printed."""

    taken_back: list[TakenBack] = Field(description="Letters to take out of the pile")


class PaperWaiting(BaseModel):
    """Letters that wait to be printed."""

    letters: int
