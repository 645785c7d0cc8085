"""A student's caregivers in words: to whom letters go, and why to nobody else. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

WHY: Final = {
    "protected": "never: the words about them in your school's system restrict contact",
    "no-correspondent": "no: your school's system lists them for another purpose",
    "not-wanted": "no: your school's system says that they get no letters",
    "never": "no: your school decided so about the words in its system",
    "undecided": "not yet: the words about them in your school's system wait for a decision",
    "shared": "no: somebody who must not be written to has the same address or mobile",
    "other-key": "no: they get no letters under another number of this student",
    "no-address": "no: your school's system has no e-mail address that can be used",
    "came-back": "no: letters to their address came back; ring them, and correct it in your school's system",
    "first-only": "no: by your school's policy the first caregiver alone gets letters",
}


@dataclass(frozen=True, slots=True)
class CaregiverView:
    """A caregiver's line."""

    name: str
    relationship: str
    phone: str
    is_written_to: bool
    letters: str


def family_of(sent: Mapping[str, Any]) -> list[CaregiverView]:
    """The caregivers as the API answers them, in the school's order."""
    return [
        CaregiverView(one["name"], one["relationship"] or "", one["phone"] or "–", one["written_to"], _letters(one))
        for one in sent["items"]
    ]


def _letters(one: Mapping[str, Any]) -> str:
    if one["written_to"]:
        return f"by text message to {one['address']}" if one["channel"] == "text" else f"to {one['address']}"
    return WHY.get(one["why"], "no")
