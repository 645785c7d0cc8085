"""A student's caregivers, as the API answers them."""

from typing import Literal

from pydantic import BaseModel, Field

from services.notifier.contacts.recipients import Channel, Unreached


class CaregiverOut(BaseModel):
    """A caregiver, and whether the student's letters go to them now."""

    name: str
    relationship: str | None = Field(description="The words of the school's own system")
    phone: str | None
    language: str
    written_to: bool
    channel: Channel | None = Field(description="How letters reach them; null where none goes")
    address: str | None = Field(description="The address or number that letters go to")
    why: Unreached | Literal["first-only"] | None = Field(
        description="Where none goes. `protected`: words about them restrict contact. `no-correspondent`: listed for another purpose, as "
        "emergencies. `not-wanted`: the school's system says no letters. `never`: the school decided so about the words. `undecided`: "
        "nobody has decided about them. `shared`: their mailbox or mobile is also somebody's who must not be written to. `other-key`: "
        "they get none under another key of the same child. `no-address`: no usable one. `came-back`: letters to it came back. "
        "`first-only`: the policy writes to the first recipient alone"
    )
