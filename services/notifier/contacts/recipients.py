"""Who gets a student's letters: caregivers who want them, and whose address can be one. Pure: nobody is asked over the network."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.phones import usable_phone
from services.notifier.delivery.transports.interface import Channel
from shared.addresses import address_key, usable_address


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address, or one telephone number, and the names of those whom letters reach there. `language` is the first one's."""

    address: str
    names: tuple[str, ...]
    channel: Channel = "email"
    language: str = "en"


def recipients(caregivers: Iterable[Caregiver], *, bad: Collection[str] = (), texts: bool = False) -> tuple[Recipient, ...]:
    """The distinct addresses of those who are to be told, in the school's order; case is no difference.

    `bad` holds the keys of addresses that letters came back from. Who has no other one gets a text message where `texts` can be sent,
    and a mobile is known.
    """
    found: dict[tuple[Channel, str], Recipient] = {}
    for caregiver in caregivers:
        place = _place(caregiver, bad, texts=texts) if caregiver.notify else None
        if place is None:
            continue
        channel, address = place
        key = channel, address_key(address)
        known = found.get(key, Recipient(address, (), channel, caregiver.language))
        names = known.names if caregiver.name in known.names else (*known.names, caregiver.name)
        found[key] = Recipient(known.address, names, channel, known.language)
    return tuple(found.values())


def _place(caregiver: Caregiver, bad: Collection[str], *, texts: bool) -> tuple[Channel, str] | None:
    address = usable_address(caregiver.email)
    if address is not None and address_key(address) not in bad:
        return "email", address
    phone = usable_phone(caregiver.phone) if texts else None
    return None if phone is None else ("text", phone)
