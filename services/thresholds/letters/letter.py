"""A letter that went to a student's family: its document. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.thresholds.casework.piece import Piece
from shared.attendance.tiers import Threshold
from shared.events.data import LetterOccasion, LetterSent
from shared.identifiers import SchoolNumber

NOTIFIER: Final = "notifier"
"""Stands as the account of what the notifier says: a person may have printed the letter, or nobody had to do anything."""

FORMAL_FROM: Final = 10
"""The days from which the guide calls a letter a formal notice."""

SENT: Final = "sent"
CAME_BACK: Final = "came-back"


class KeptLetter(BaseModel):
    """A letter as it is kept. `corrects`: it takes back the words of that delivery; `digest` is the SHA-256 of its words as text."""

    model_config = ConfigDict(frozen=True)

    letter: UUID
    threshold: Threshold | None
    occasion: LetterOccasion | None
    channel: Literal["email", "text", "paper"]
    corrects: UUID | None
    digest: str
    came_back_at: datetime | None = None

    @property
    def is_notice(self) -> bool:
        """Whether it is a formal notice, as the guide asks for at 10 days and above."""
        return self.corrects is None and self.threshold is not None and self.threshold >= FORMAL_FROM


def piece_of(told: LetterSent) -> Piece:
    """A letter that went."""
    kept = KeptLetter(
        letter=told.letter_id,
        threshold=told.threshold,
        occasion=told.occasion,
        channel=told.channel,
        corrects=told.corrects,
        digest=told.digest,
    )
    return Piece(
        id=told.delivery_id,
        kind="letter",
        school=SchoolNumber(told.school),
        student=told.student,
        student_id=told.student_id,
        term=told.term,
        at=told.sent_at,
        status=SENT,
        due_on=None,
        document=kept.model_dump(mode="json"),
        version=1,
        record_id=None,
        response_id=None,
        made_by=NOTIFIER,
        made_at=told.sent_at,
        updated_at=told.sent_at,
    )


def nameless(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without the digest of the words: they are gone, and nothing is to be held against them."""
    return {**document, "digest": ""}
