"""A delivery: one letter to one address. Plain data, as the repository reads it and rules judge it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifier.contacts.recipients import Channel
from services.notifier.delivery.transports.interface import Parcel

DeliveryStatus = Literal["waiting", "sent", "failed", "bounced", "cancelled"]

Withdrawal = Literal["retracted", "student-left"]
"""Why a letter that was written must not go out any more."""


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """A delivery, its letter, the case they belong to, and where it goes: no address once it has been erased."""

    id: uuid.UUID
    letter_id: uuid.UUID
    student_id: uuid.UUID
    term: str
    school: str
    channel: Channel
    recipient: str | None
    status: DeliveryStatus


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that is to be sent now. `refusals` are the attempts that the other side turned away so far."""

    parcel: Parcel
    school: str
    refusals: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery with the letter as it was sent. Without `stands` its letter was withdrawn, or its crossing was taken back since.

    `resends` counts how often the first delivery of the letter to this address was sent again. Address and words are None once erased.
    """

    id: uuid.UUID
    school: str
    status: DeliveryStatus
    recipient: str | None
    body_text: str | None
    body_html: str | None
    message_id: str
    resend_of: uuid.UUID | None
    asked_by: str | None
    asked_because: str | None
    erased_at: datetime | None
    stands: bool
    resends: int
    is_being_resent: bool
