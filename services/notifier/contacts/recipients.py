"""The recipients of a student's letters: caregivers to whom letters may go and can go. Pure: nobody is asked over the network."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.correspondents import NONE, Decisions, correspondents
from services.notifier.contacts.phones import usable_phone
from shared.addresses import address_key, usable_address

Channel = Literal["email", "text"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address, or one telephone number, and the names of those whom letters reach there. `language` is the first one's."""

    address: str
    names: tuple[str, ...]
    channel: Channel = "email"
    language: str = "en"


def recipients(
    caregivers: Iterable[Caregiver], *, decisions: Decisions = NONE, bad: Collection[str] = (), texts: bool = False
) -> tuple[Recipient, ...]:
    """The distinct addresses of the caregivers to whom letters may go, in the school's order; case is no difference.

    `decisions` are the school's about the words of its system.
    `bad` holds the keys of addresses that letters came back from. A caregiver without another one gets a text message where `texts` can
    be sent and a mobile is known.
    """
    by_key: dict[tuple[Channel, str], Recipient] = {}
    for caregiver in correspondents(caregivers, decisions):
        way = _way(caregiver, bad, texts=texts)
        if way is None:
            continue
        channel, address = way
        key = channel, address_key(address)
        recipient = by_key.setdefault(key, Recipient(address, (), channel, caregiver.language))
        if caregiver.name not in recipient.names:
            by_key[key] = replace(recipient, names=(*recipient.names, caregiver.name))
    return tuple(by_key.values())


def _way(caregiver: Caregiver, bad: Collection[str], *, texts: bool) -> tuple[Channel, str] | None:
    address = usable_address(caregiver.email)
    if address is not None and address_key(address) not in bad:
        return "email", address
    phone = usable_phone(caregiver.phone) if texts else None
    return None if phone is None else ("text", phone)
