"""Reports on letters that had left, as the API takes and answers them."""

import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from shared.web.schemas import Body

StatusCode = Annotated[str, StringConstraints(pattern=r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$")]


class BouncePosted(Body):
    """A mail provider's report on a letter."""

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
    """The meaning of the report."""

    delivery: uuid.UUID
    kind: Literal["hard", "soft", "policy", "delayed", "delivered"]
    status: str
    repeated: bool = Field(description="The same report came before; this one changed nothing")
    address_marked: bool = Field(description="Nothing is written to the address from now on")
