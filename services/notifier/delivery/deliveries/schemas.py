"""Deliveries as the notifier answers them."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, StringConstraints

from shared.attendance.tiers import Threshold
from shared.events.data import LetterOccasion
from shared.web.schemas import Body

ListedStatus = Literal["held", "no-contact", "on-hold", "awaiting-release", "past", "waiting", "sent", "failed", "bounced", "cancelled"]

StatusGroup = Literal["waiting", "sent", "came-back", "ended"]

STATUSES_OF: Final[Mapping[StatusGroup, tuple[ListedStatus, ...]]] = {
    "waiting": ("held", "on-hold", "awaiting-release", "no-contact", "waiting"),
    "sent": ("sent",),
    "came-back": ("bounced", "failed"),
    "ended": ("past", "cancelled"),
}
"""The statuses as people look for them."""

LetterState = Literal["held", "no-contact", "on-hold", "awaiting-release", "past", "sending", "reached", "not-reached", "cancelled"]
"""sending: some household's delivery is still on its way, and none arrived yet. reached: at least one was sent and did not come back.
not-reached: nobody was reached, and nothing more is on its way."""


class AttemptOut(BaseModel):
    """One attempt at a delivery, on record before it began."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it is under way, or when it was cut short by a stop")
    outcome: Literal["done", "retry", "failed"] | None
    code: str | None = Field(description="The other side's answer: `550 5.1.1` of a mail server, `429` of a text gateway")
    detail: str | None


class ReportOut(BaseModel):
    """A report on a delivery: of a mail server, at the door or later; or of a person, that its envelope came back."""

    kind: Literal["hard", "soft", "policy", "delayed", "delivered"]
    status: str = Field(description="RFC 3463", examples=["5.1.1"])
    source: Literal["answer", "report", "webhook", "person"]
    said_at: datetime | None
    received_at: datetime


class DeliveryOut(BaseModel):
    """A letter on its way to one address; or a letter that has not been written yet, or never will be, without an address."""

    id: uuid.UUID
    letter_id: uuid.UUID
    letter_state: LetterState
    school: str
    student: str
    name: str | None = Field(description="null once the student has been deleted")
    year_level: int | None
    groups: list[str]
    student_id: uuid.UUID
    term: str
    threshold: Threshold | None = Field(
        description="Until the letter is written: what it would be about now; null for a letter that is about no threshold"
    )
    occasion: LetterOccasion | None = Field(description="The occasion of a letter that is about no threshold; null for any other")
    status: ListedStatus
    channel: Literal["email", "text", "paper"]
    recipient: str | None = Field(
        description="For the role `manage`. null until the letter is written, and once it is erased or the student has been deleted"
    )
    due_at: datetime = Field(description="When it was due; for a letter that is held, when it will go: in the school's window")
    sent_at: datetime | None
    bounced_at: datetime | None
    subject: str | None
    message_id: str | None
    resend_of: uuid.UUID | None
    sent_with: uuid.UUID | None = Field(
        default=None, description="The delivery whose e-mail held this letter, too; null for a letter that went by itself"
    )
    corrects: uuid.UUID | None = Field(description="The delivery whose words this letter of correction takes back")
    can_be_corrected: bool = Field(
        description="Days that it tells of no longer count, and a letter of correction would be written if somebody asked for it now"
    )
    template_language: str | None = Field(description="The language that it was written in; null until it is, and for text messages")
    template_version: int | None = Field(description="The version of the school's own words that it was written in; null for the house's")
    reason: str | None = Field(description="Why it failed, came back or was cancelled")
    attempts: list[AttemptOut]


class LetterRead(BaseModel):
    """Somebody looked at a letter."""

    read_by: str
    role: str
    read_at: datetime


class DeliveryWithLetter(DeliveryOut):
    """A delivery with the letter as it was sent."""

    text: str | None
    html: str | None
    asked_by: str | None = Field(description="The person who had it sent again, or cancelled it")
    asked_because: str | None
    asked_at: datetime | None = Field(description="When that was; null for what was cancelled before this was kept")
    erased_at: datetime | None
    reports: list[ReportOut]
    reads: list[LetterRead] | None = Field(description="For the role `admin`, this one included; null for others")


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class WithReason(Body):
    """Why a person does this to the delivery."""

    reason: Reason


class ChangedDelivery(BaseModel):
    """A delivery that a person cancelled, or had made."""

    id: uuid.UUID
    status: ListedStatus
    message_id: str
    resend_of: uuid.UUID | None = None
