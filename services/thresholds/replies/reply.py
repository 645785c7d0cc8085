"""A family's reply to a letter: its document, and the hold that a school's policy wishes. Pure."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.thresholds.casework.piece import Piece
from services.thresholds.records.holds.hold import Hold
from shared.attendance.tiers import Threshold
from shared.events.data import FamilyReplied, ReplyChoice
from shared.identifiers import SchoolNumber, star_record_id

FAMILY: Final = "family"
"""The account of what a family does by the link of a letter: it has none."""

HOLD_REASON: Final = "The family has answered a letter, and the school's letter policy holds the next one."

ReplyStatus = Literal["waiting", "settled"]


class KeptReply(BaseModel):
    """A reply as it is kept. `has_words`: the notifier has a few words of the family's own."""

    model_config = ConfigDict(frozen=True)

    choice: ReplyChoice
    threshold: Threshold
    channel: Literal["email", "text"]
    letter: UUID
    has_words: bool
    hold_until: date | None


def document_of(told: FamilyReplied) -> dict[str, Any]:
    """The document of a reply."""
    kept = KeptReply(
        choice=told.choice,
        threshold=told.threshold,
        channel=told.channel,
        letter=told.letter_id,
        has_words=told.has_words,
        hold_until=told.hold_until,
    )
    return kept.model_dump(mode="json")


def piece_of(told: FamilyReplied, day: date) -> Piece:
    """A new reply, which waits for a person from its day on."""
    return Piece(
        id=told.reply_id,
        kind="reply",
        school=SchoolNumber(told.school),
        student=told.student,
        student_id=told.student_id,
        term=told.term,
        at=told.replied_at,
        status="waiting",
        due_on=day,
        document=document_of(told),
        version=1,
        record_id=star_record_id(told.student_id, told.term, told.threshold),
        response_id=None,
        made_by=FAMILY,
        made_at=told.replied_at,
        updated_at=told.replied_at,
    )


def hold_of(told: FamilyReplied, standing: Hold | None, today: date) -> Hold | None:
    """The hold on all of the student's letters that the school's policy wishes; None where it wishes none, or where one that stands already
    holds for as long."""
    until = told.hold_until
    if until is None or until < today:
        return None
    if standing is not None and (standing.until is None or standing.until >= until):
        return None
    return Hold(
        id=uuid.uuid4(),
        school=told.school,
        student=told.student,
        student_id=told.student_id,
        term=told.term,
        threshold=None,
        reason=HOLD_REASON,
        until=until,
        held_by=FAMILY,
        held_at=told.replied_at,
    )


def nameless(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document as it is: nothing in it names anybody."""
    return document
