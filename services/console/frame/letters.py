"""A letter in words: its state with its moments, and why there is none. Pure."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from services.console.frame import words
from services.console.frame.chrome import School

RELEASABLE: Final = ("held", "awaiting-release")
ENDABLE: Final = ("held", "on-hold", "awaiting-release", "no-contact")
WAITING: Final = (*ENDABLE, "waiting")

Waits = Literal["awaiting-release", "no-contact", "on-hold", "held", "waiting"]

REASONS_TO_WAIT: Final = {
    "awaiting-release": "too many were due that day",
    "no-contact": "nobody can be written to",
    "on-hold": "held by staff",
    "held": "its time has not come",
    "waiting": "being sent now",
}
"""Why a letter waits, those that need a person first."""

STATES: Final = {
    "held": "goes {due}",
    "waiting": "being sent now",
    "sent": "sent {sent}",
    "failed": "could not be sent",
    "bounced": "came back {back}",
    "no-contact": "nobody can be written to",
    "on-hold": "held by staff",
    "awaiting-release": "waits for a person: too many were due that day",
    "cancelled": "stopped",
    "past": "not written",
}
"""A letter's state in words, with its moments."""

PAPER_STATES: Final = {"waiting": "waits to be printed and posted", "sent": "posted {sent}"}
"""The words for a letter on paper, where they are others."""

REASONS: Final = {
    "term-over": "the term is over",
    "too-late": "it was held for too long",
    "threshold-off": "the school's policy has no letter for this step",
    "told-already": "the family has had a letter about these days",
    "not-chosen": "the school's policy has no such letter any more",
    "not-so-now": "the good news is no longer so",
    "newer": "a newer one takes its place",
    "discarded": "somebody ended it",
    "by-staff": "somebody stopped it",
    "envelope-returned": "its envelope came back by post",
    "retracted": "marks were corrected, and the step was taken back",
    "student-left": "the student has left",
    "no-correspondent": "letters may not go to this person any more",
    "recipient-gone": "the school has taken this person off",
}

SHORT: Final = {
    "held": "goes {}",
    "waiting": "being sent",
    "sent": "sent {}",
    "failed": "could not be sent",
    "bounced": "came back",
    "no-contact": "no address known",
    "on-hold": "held by staff",
    "awaiting-release": "waits for a person",
    "cancelled": "not sent",
    "past": "not sent",
}
"""A letter's state beside other things; `{}` is its moment."""


def short(item: Mapping[str, Any], zone: ZoneInfo) -> str:
    """A letter's state beside other things: "sent Tue 17 Nov 7:30"."""
    at = item["due_at"] if item["status"] == "held" else item["sent_at"]
    return SHORT.get(item["status"], str(item["status"])).format(words.moment(at, zone))


def row_of(item: Mapping[str, Any], school: School) -> dict[str, Any]:
    """A letter's row: `state` and `why` in words; whether it can be looked at before it goes."""
    moments = {
        "due": words.moment(item["due_at"], school.zone),
        "sent": words.moment(item["sent_at"], school.zone),
        "back": words.moment(item["bounced_at"], school.zone),
    }
    states = STATES | PAPER_STATES if item["channel"] == "paper" else STATES
    return {
        **item,
        "state": states.get(item["status"], item["status"]).format(**moments),
        "why": REASONS.get(item["reason"], item["reason"]) if item["reason"] else None,
        "waits": item["status"] in WAITING and item["message_id"] is None,
        "releasable": item["status"] in RELEASABLE,
    }
