"""Whether a person at the school may have a delivery sent again, and as what. Pure rules; SQL is the repository's."""

import uuid
from dataclasses import dataclass
from typing import Final, Literal

from services.notifier.delivery.deliveries.delivery import Delivery
from shared.identifiers import resend_id

ResendRefusal = Literal["not-resendable", "being-resent", "erased", "withdrawn", "bad-address"]

RESENDABLE: Final = frozenset({"sent", "failed", "bounced"})

WHY: Final[dict[ResendRefusal, str]] = {
    "not-resendable": "only a delivery that was sent, failed or bounced, or that a person cancelled, can be sent again",
    "being-resent": "it is being sent again already",
    "erased": "what was written, or to whom, has been erased",
    "withdrawn": "the crossing that the letter tells of was taken back: what it says is wrong now",
    "bad-address": "letters came back from this address: clear it first, or have the school send a changed one",
}


@dataclass(frozen=True, slots=True)
class Resend:
    """The next delivery of a letter. Its Message-ID has the letter's first delivery to this address, and the number."""

    id: uuid.UUID
    message_id: str
    number: int


def plan_resend(delivery: Delivery, *, is_bad: bool, id_: uuid.UUID | None = None) -> Resend | ResendRefusal:
    """How a delivery is sent again, or why it is not. `is_bad`: letters came back from its address. `id_`: the next delivery's, where the
    request has a key; otherwise it follows from the number."""
    # What a person has kept from going, a person may let go after all.
    if delivery.status not in RESENDABLE and delivery.reason != "by-staff":
        return "not-resendable"
    if delivery.is_being_resent:
        return "being-resent"
    if delivery.recipient is None or delivery.body_text is None:
        return "erased"
    if not delivery.stands:
        return "withdrawn"
    if is_bad:
        return "bad-address"
    first = delivery.resend_of or delivery.id
    number = delivery.resends + 1
    domain = delivery.message_id.rpartition("@")[2]
    return Resend(id_ or resend_id(first, number), f"<{first}.{number}@{domain}", number)
