"""Bounces and bad addresses on the wire."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

StatusCode = Annotated[str, StringConstraints(pattern=r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$")]


class BouncePosted(BaseModel):
    """What a mail provider's webhook says of a letter."""

    model_config = ConfigDict(extra="forbid")

    message_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)] = Field(
        description="The letter's Message-ID, with or without its angle brackets"
    )
    status: StatusCode = Field(description="RFC 3463; what is final and why", examples=["5.1.1"])
    action: Literal["failed", "delayed", "delivered"] = Field(
        default="failed", description="As in RFC 3464. A provider that goes on trying says `delayed`"
    )
    reason: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        default=None, description="In words; not kept, as it can quote the address"
    )
    at: AwareDatetime | None = None


class BounceTaken(BaseModel):
    """What it meant."""

    delivery: uuid.UUID
    kind: Literal["hard", "soft", "policy", "delayed", "delivered"]
    status: str
    repeated: bool = Field(description="It was said before, and changed nothing")
    address_marked: bool = Field(description="Nothing is written to the address from now on")


class AddressOwner(BaseModel):
    """Whose address it is."""

    student: str | None = Field(description="The school's own key; null for a student who never had a letter")
    student_id: uuid.UUID
    name: str
    caregivers: list[str]


class BadAddress(BaseModel):
    """An address that letters came back from."""

    id: uuid.UUID
    address: str
    channel: Literal["email", "text"]
    status: str = Field(description="RFC 3463, or the three digits where there was no more")
    meaning: str | None
    cause: Literal["answer", "bounce", "repeated"] = Field(
        description="The mail server's answer at the door; a report later; or letters that did not arrive again and again"
    )
    marked_at: datetime
    students: list[AddressOwner]


class BadAddresses(BaseModel):
    """A page of bad addresses, the last marked first."""

    items: list[BadAddress]
    next: str | None
