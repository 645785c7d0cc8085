"""Replies and the words of the page, as the API answers them."""

import uuid
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.notifier.contacts.recipients import Channel
from services.notifier.replies.words import ReplyWords
from shared.attendance.tiers import Threshold
from shared.events.data import ReplyChoice


class FamilyReplyOut(BaseModel):
    """A family's answer to a letter. `words` are the family's own; null for none, and once they were erased."""

    id: uuid.UUID
    school: str
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold
    letter_id: uuid.UUID
    channel: Channel = Field(description="Whether the letter was an e-mail or a text message")
    choice: ReplyChoice
    words: str | None
    hold_until: date | None = Field(description="Last day on which the student's letters are held for the answer; null where they are not")
    replied_at: datetime


class ReplyWordsOut(BaseModel):
    """The words of the reply page in one language."""

    language: str
    words: ReplyWords
    origin: Literal["school", "house"]
    changed_at: datetime | None
    changed_by: str | None
