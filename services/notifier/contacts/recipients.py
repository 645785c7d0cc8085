"""The recipients of a student's letters: caregivers to whom letters may go and can go. Pure: nobody is asked over the network."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from services.notifier.contacts.contact import Caregiver, Contact
from services.notifier.contacts.correspondents import NONE, Bar, Decisions, bars, shut_homes
from services.notifier.contacts.phones import usable_phone
from services.notifier.contacts.postal import home_key, home_of, same_home, usable_home
from shared.addresses import address_key, usable_address

Channel = Literal["email", "text", "paper"]

Paper = Literal["no", "unreached", "everybody"]
"""The letters that are printed and posted: none; those to caregivers whom nothing else reaches; or one to each home, beside any e-mail."""


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
    paper: bool = False,
) -> tuple[Reach, ...]:
    """Each caregiver of a student with the way to them, in the school's order.

    `elsewhere` are the caregivers under other keys of the child, who can only stop letters. `decisions` are the school's about the words
    of its system. `bad` holds the keys of addresses and homes that letters came back from. A caregiver without another one gets a text
    message where `texts` can be sent and a mobile is known; without that, a letter on `paper` where a home is known.
    """
    listed, others = tuple(caregivers), tuple(elsewhere)
    found = zip(listed, bars(listed, decisions, elsewhere=others), strict=True)
    homes = _homes(listed, others, decisions) if paper else {}
    return tuple(
        Reach(caregiver, why=bar) if bar is not None else _reach(caregiver, bad, texts=texts, home=homes.get(caregiver))
        for caregiver, bar in found
    )


def recipients(
    caregivers: Iterable[Caregiver],
    *,
    elsewhere: Iterable[Caregiver] = (),
    decisions: Decisions = NONE,
    bad: Collection[str] = (),
    texts: bool = False,
    paper: Paper = "no",
) -> tuple[Recipient, ...]:
    """The recipients of a student's letters (`reach_of`, `recipients_of`); for `everybody`, each home comes as well."""
    listed, others = tuple(caregivers), tuple(elsewhere)
    reached = reach_of(listed, elsewhere=others, decisions=decisions, bad=bad, texts=texts, paper=paper != "no")
    if paper == "everybody":
        homes = {caregiver: home for caregiver, home in _homes(listed, others, decisions).items() if home_key(home) not in bad}
        posted = [Reach(one.caregiver, "paper", homes[one.caregiver]) for one in reached if _may_have_paper(one, homes)]
        reached = (*(one for one in reached if one.channel != "paper"), *posted)
    return recipients_of(reached)


def recipients_of(reached: Iterable[Reach]) -> tuple[Recipient, ...]:
    """The distinct addresses that letters reach caregivers at, in the school's order; case is no difference."""
    by_key: dict[tuple[Channel, str], Recipient] = {}
    for reach in reached:
        if reach.address is None:
            continue
        key, name = (reach.channel, place_key(reach.channel, reach.address)), reach.caregiver.name
        recipient = by_key.setdefault(key, Recipient(reach.address, (), reach.channel, reach.caregiver.language))
        if name not in recipient.names:
            by_key[key] = replace(recipient, names=(*recipient.names, name))
    return tuple(by_key.values())


def still_there(channel: Channel, written_to: str, contact: Contact, decisions: Decisions) -> Recipient | None:
    """The recipient whom a delivery was written to, as the student's caregivers are now; None when letters may not go there any more."""
    found = recipients(
        contact.caregivers,
        elsewhere=contact.elsewhere,
        decisions=decisions,
        texts=channel == "text",
        paper="everybody" if channel == "paper" else "no",
    )
    address = home_of(written_to) if channel == "paper" else written_to
    return next((one for one in found if (one.channel, one.address) == (channel, address)), None)


def place_key(channel: Channel, address: str) -> str:
    """The form that all spellings of one address, number or home share."""
    return home_key(address) if channel == "paper" else address_key(address)


def _homes(listed: Iterable[Caregiver], elsewhere: Iterable[Caregiver], decisions: Decisions) -> dict[Caregiver, str]:
    """The home of each caregiver who has one that a letter may be posted to: nobody lives there who must not be written to."""
    listed = tuple(listed)
    shut = shut_homes((*listed, *elsewhere), decisions)
    known = {caregiver: home for caregiver in listed if (home := usable_home(caregiver.postal_address)) is not None}
    return {caregiver: home for caregiver, home in known.items() if not any(same_home(home, other) for other in shut)}


def _may_have_paper(reach: Reach, homes: Mapping[Caregiver, str]) -> bool:
    return reach.caregiver in homes and (reach.address is not None or reach.why in ("no-address", "came-back"))


def _reach(caregiver: Caregiver, bad: Collection[str], *, texts: bool, home: str | None = None) -> Reach:
    address = usable_address(caregiver.email)
    if address is not None and address_key(address) not in bad:
        return Reach(caregiver, "email", address)
    if texts and (phone := usable_phone(caregiver.phone)) is not None:
        return Reach(caregiver, "text", phone)
    if home is not None and home_key(home) not in bad:
        return Reach(caregiver, "paper", home)
    return Reach(caregiver, why="no-address" if address is None and home is None else "came-back")
