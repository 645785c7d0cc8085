"""Bad addresses, as the API answers them."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class AddressOwnerOut(BaseModel):
    """A student whose caregivers have the address."""

    student: str | None = Field(description="The school's own key; null for a student who never had a letter")
    student_id: uuid.UUID
    name: str
    caregivers: list[str]


class BadAddressOut(BaseModel):
    """An address that letters came back from."""

    id: uuid.UUID
    address: str
    channel: Literal["email", "text", "paper"]
    status: str = Field(description="RFC 3463, or the three digits where there was no more")
    meaning: str | None
    cause: Literal["answer", "bounce", "repeated"] = Field(
        description="The mail server's answer at the door; a report or an envelope later; or letters that did not arrive again and again"
    )
    marked_at: datetime
    students: list[AddressOwnerOut]
