"""A delivery: one letter to one address. Plain data, as the repository reads it and rules judge it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifier.contacts.recipients import Channel
from services.notifier.delivery.transports.interface import Parcel
from shared.events.data import AbsentDay, LetterOccasion

DeliveryStatus = Literal["waiting", "sent", "failed", "bounced", "cancelled"]

Withdrawal = Literal["retracted", "student-left"]
"""Why a letter that was written must not go out any more."""

KeptBack = Literal["recipient-gone", "no-correspondent", "stands-again", "term-over", "not-so-now"]
"""Why one delivery of it must not: the student's caregivers have that address no longer; nobody there may
be written to; the days that it corrects count again; its term is over; its good news is no longer so."""


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
class Told:
    """The days that a delivery tells a family of, and the version of the standing that they come from; no days where they are not known."""

    standing: int
    absent_on: Sequence[AbsentDay]


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that is to be sent now. `refusals` are the attempts that the other side turned away so far. Stale: the student's standing
    is another now than when the delivery was written. Those of one `envelope` go in one e-mail."""

    parcel: Parcel
    school: str
    student_id: uuid.UUID
    refusals: int
    is_stale: bool = False
    term: str = ""
    occasion: LetterOccasion | None = None
    envelope: uuid.UUID | None = None


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
    asked_at: datetime | None
    reason: str | None
    erased_at: datetime | None
    stands: bool
    resends: int
    is_being_resent: bool
