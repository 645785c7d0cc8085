"""The recipients of a student's letters: caregivers to whom letters may go and can go. Pure: nobody is asked over the network."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.correspondents import NONE, Bar, Decisions, bars
from services.notifier.contacts.phones import usable_phone
from shared.addresses import address_key, usable_address

Channel = Literal["email", "text"]


Unreached = Bar | Literal["no-address", "came-back"]
"""The reason why no letter goes to a caregiver. `came-back`: letters to their only address came back."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A caregiver, and the address or number that letters reach them at; without one, the reason why."""

    caregiver: Caregiver
    channel: Channel = "email"
    address: str | None = None
    why: Unreached | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address, or one telephone number, and the names of those whom letters reach there. `language` is the first one's."""

    address: str
    names: tuple[str, ...]
    channel: Channel = "email"
    language: str = "en"


def reach_of(
    caregivers: Iterable[Caregiver],
    *,
    elsewhere: Iterable[Caregiver] = (),
    decisions: Decisions = NONE,
    bad: Collection[str] = (),
    texts: bool = False,
) -> tuple[Reach, ...]:
    """Each caregiver of a student with the way to them, in the school's order.

    `elsewhere` are the caregivers under other keys of the child, who can only stop letters. `decisions` are the school's about the words
    of its system. `bad` holds the keys of addresses that letters came back from. A caregiver without another one gets a text message where
    `texts` can be sent and a mobile is known.
    """
    listed = tuple(caregivers)
    found = zip(listed, bars(listed, decisions, elsewhere=elsewhere), strict=True)
    return tuple(Reach(caregiver, why=bar) if bar is not None else _reach(caregiver, bad, texts=texts) for caregiver, bar in found)


def recipients(
    caregivers: Iterable[Caregiver],
    *,
    elsewhere: Iterable[Caregiver] = (),
    decisions: Decisions = NONE,
    bad: Collection[str] = (),
    texts: bool = False,
) -> tuple[Recipient, ...]:
    """The recipients of a student's letters (`reach_of`, `recipients_of`)."""
    return recipients_of(reach_of(caregivers, elsewhere=elsewhere, decisions=decisions, bad=bad, texts=texts))


def recipients_of(reached: Iterable[Reach]) -> tuple[Recipient, ...]:
    """The distinct addresses that letters reach caregivers at, in the school's order; case is no difference."""
    by_key: dict[tuple[Channel, str], Recipient] = {}
    for reach in reached:
        if reach.address is None:
            continue
        key, name = (reach.channel, address_key(reach.address)), reach.caregiver.name
        recipient = by_key.setdefault(key, Recipient(reach.address, (), reach.channel, reach.caregiver.language))
        if name not in recipient.names:
            by_key[key] = replace(recipient, names=(*recipient.names, name))
    return tuple(by_key.values())


def _reach(caregiver: Caregiver, bad: Collection[str], *, texts: bool) -> Reach:
    address = usable_address(caregiver.email)
    if address is not None and address_key(address) not in bad:
        return Reach(caregiver, "email", address)
    if texts and (phone := usable_phone(caregiver.phone)) is not None:
        return Reach(caregiver, "text", phone)
    return Reach(caregiver, why="no-address" if address is None else "came-back")
