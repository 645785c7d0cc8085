"""Replies, as the API answers them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.replies.reply import ReplyStatus
from shared.attendance.tiers import Threshold
from shared.events.data import ReplyChoice
from shared.web.schemas import Body


class ReplyOut(BaseModel):
    """A family's reply to a letter, and whether a person has seen to it. The family's own words are the notifier's (`list_replies`)."""

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold
    choice: ReplyChoice
    channel: Literal["email", "text"] = Field(description="Whether the letter was an e-mail or a text message")
    letter: UUID
    has_words: bool = Field(description="Whether the family wrote a few words of its own")
    hold_until: date | None = Field(description="Last day on which the student's letters are held for the answer; null where they are not")
    record: UUID | None
    replied_at: datetime
    status: ReplyStatus
    settled_by: str | None
    settled_at: datetime | None


class ReplyChange(Body):
    """`settled`: a person has seen to the reply; it leaves the list of work. `waiting` puts it back."""

    status: ReplyStatus
