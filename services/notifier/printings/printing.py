"""A printing and its letters. Plain data."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.notifier.contacts.postal import home_key, home_of, postcode_of
from shared.attendance.tiers import Threshold
from shared.correspondents import text_key
from shared.events.data import LetterOccasion

Order = Literal["postcode", "name"]
"""The order of the pile: by postcode and home, or by the child's family name."""


@dataclass(frozen=True, slots=True)
class Printing:
    """Letters that were printed together. Posted, dropped, or waiting for either."""

    id: uuid.UUID
    school: str
    sorted_by: Order
    letters: int
    made_at: datetime
    made_by: str
    posted_on: date | None
    posted_at: datetime | None
    posted_by: str | None
    dropped_at: datetime | None

    @property
    def is_settled(self) -> bool:
        """Whether its letters were posted or it was dropped."""
        return self.posted_at is not None or self.dropped_at is not None


@dataclass(frozen=True, slots=True)
class PaperLetter:
    """A letter on paper. Address and words are None once they were erased; the name, once the student has left."""

    delivery: uuid.UUID
    student_id: uuid.UUID
    student: str
    term: str
    threshold: Threshold | None
    occasion: LetterOccasion | None
    status: str
    recipient: str | None
    subject: str | None
    text: str | None
    language: str | None
    written_at: datetime
    is_stale: bool
    given_name: str | None
    family_name: str | None
    year_level: int | None
    place: int = 0

    def sort_key(self, order: Order) -> tuple[str, ...]:
        """The letter's place in the pile. Letters to one home stay together in either order."""
        home = home_of(self.recipient or "")
        name = text_key(self.family_name), text_key(self.given_name), self.student
        return (postcode_of(home), home_key(home), *name) if order == "postcode" else (*name, home_key(home))
