"""The caregivers whom a letter may go to, by the words that the school's system has about them and the school's decisions. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.phones import usable_phone
from shared.addresses import address_key, usable_address
from shared.correspondents import is_protected, judged, text_key

Decision = Literal["write", "never"]
"""A person's decision about a text that is on no list, or that would be harmless: once for all caregivers of the school."""

Decisions = Mapping[str, Decision]
"""Decisions by the key of their text (`text_key`)."""

Verdict = Literal["write", "undecided", "never"]
"""Whether letters go to a caregiver of whom a text is said. `undecided`: not until a person has decided."""

NONE: Final[Decisions] = {}


def verdict_on(text: str | None, decisions: Decisions) -> Verdict:
    """The verdict on one text. Protection wins over every decision; an emergency contact is no correspondent, whatever was decided."""
    judgement = judged(text)
    if judgement in ("protected", "no-correspondent"):
        return "never"
    decision = decisions.get(text_key(text))
    if judgement == "harmless":
        return decision or "write"
    return decision or "undecided"


def correspondents(caregivers: Iterable[Caregiver], decisions: Decisions = NONE) -> tuple[Caregiver, ...]:
    """Those of a student's caregivers to whom a letter may go.

    A mailbox or a telephone that is also somebody's who must not be written to is nobody's: the letter would reach them.
    """
    everybody = tuple(caregivers)
    shut = {place for caregiver in everybody if _is_shut(caregiver, decisions) for place in _places(caregiver)}
    return tuple(
        caregiver
        for caregiver in everybody
        if caregiver.notify
        and not is_protected(caregiver)
        and {verdict_on(caregiver.status, decisions), verdict_on(caregiver.role, decisions)} == {"write"}
        and shut.isdisjoint(_places(caregiver))
    )


def may_receive(address: str, caregivers: Iterable[Caregiver], decisions: Decisions = NONE) -> bool:
    """Whether a letter that was written to this address or number may still go there."""
    return address_key(address) in {place for caregiver in correspondents(caregivers, decisions) for place in _places(caregiver)}


def _is_shut(caregiver: Caregiver, decisions: Decisions) -> bool:
    """Whether nothing may come near the caregiver. That somebody is an emergency contact too shuts no mailbox."""
    texts = [text for text in (caregiver.status, caregiver.role) if judged(text) != "no-correspondent"]
    return is_protected(caregiver) or any(verdict_on(text, decisions) != "write" for text in texts)


def _places(caregiver: Caregiver) -> set[str]:
    address, phone = usable_address(caregiver.email), usable_phone(caregiver.phone)
    return {place for place in (address_key(address) if address is not None else None, phone) if place is not None}
