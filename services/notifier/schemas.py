"""What the notifier answers."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.attendance.tiers import Threshold

Status = Literal["held", "no-contact", "waiting", "sent", "failed", "cancelled"]


class Attempt(BaseModel):
    """One attempt at a delivery, on record before it began."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it is under way, or when it was cut short by a stop")
    outcome: Literal["done", "retry", "failed"] | None
    detail: str | None


class Delivery(BaseModel):
    """A letter on its way to one address; or a letter that has not been written yet, or never will be, without an address."""

    id: uuid.UUID
    letter_id: uuid.UUID
    school: str
    student: str
    student_id: uuid.UUID
    term: str
    threshold: Threshold = Field(description="Until the letter is written: what it would be about now")
    status: Status
    channel: Literal["email"]
    recipient: str | None = Field(description="null until the letter is written, and once the student has been deleted")
    due_at: datetime
    sent_at: datetime | None
    subject: str | None
    message_id: str | None
    reason: str | None = Field(description="Why it failed or was cancelled")
    attempts: list[Attempt]


class Deliveries(BaseModel):
    """A page of deliveries, newest first."""

    items: list[Delivery]
    next: str | None
