"""What a person at the school may do with a delivery: send it again, or keep it from going. Pure rules; SQL is the repository's."""

import uuid
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.identifiers import resend_id

Refusal = Literal["not-resendable", "being-resent", "erased", "withdrawn", "bad-address"]

RESENDABLE: Final = frozenset({"sent", "failed", "bounced"})

WHY: Final[dict[Refusal, str]] = {
    "not-resendable": "only a delivery that was sent, failed or bounced can be sent again",
    "being-resent": "it is being sent again already",
    "erased": "what was written, or to whom, has been erased",
    "withdrawn": "the crossing that the letter tells of was taken back: what it says is wrong now",
    "bad-address": "letters came back from this address: clear it first, or have the school send a changed one",
}


@dataclass(frozen=True, slots=True)
class Resend:
    """The next delivery of a letter: ids of its own, which say what they come from."""

    id: uuid.UUID
    message_id: str
    number: int


def resend(delivery: dict[str, Any], *, is_bad: bool) -> Resend | Refusal:
    """How a delivery (the repository's whole row) is sent again, or why it is not."""
    if delivery["status"] not in RESENDABLE:
        return "not-resendable"
    if delivery["is_being_resent"]:
        return "being-resent"
    if delivery["recipient"] is None or delivery["body_text"] is None:
        return "erased"
    if not delivery["stands"]:
        return "withdrawn"
    if is_bad:
        return "bad-address"
    first: uuid.UUID = delivery["resend_of"] or delivery["id"]
    number = delivery["resends"] + 1
    domain = delivery["message_id"].rpartition("@")[2]
    return Resend(resend_id(first, number), f"<{first}.{number}@{domain}", number)
