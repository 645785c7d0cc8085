"""Whether two entries of a school's rosters are one person: by a place that letters reach, or by name. Pure.

A caregiver is taken for another who must not be written to rather than missed: the error on that side costs a question.
"""

from typing import Final

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.phones import usable_phone
from shared.addresses import address_key, usable_address
from shared.correspondents import words_key

_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "reverend", "sir", "dame", "lady", "lord"})


def places(caregiver: Caregiver) -> set[str]:
    """The mailbox and the mobile that reach a caregiver, in the form that all their spellings share."""
    address, phone = usable_address(caregiver.email), usable_phone(caregiver.phone)
    return {place for place in (address_key(address) if address is not None else None, phone) if place is not None}


def same_person(one: Caregiver, other: Caregiver) -> bool:
    """Whether they have a place or a name in common."""
    return not places(one).isdisjoint(places(other)) or same_name(one.name, other.name)


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are likely one person's name: case, macrons, order, titles, initials and left-out parts are no difference.

    `Mr Ngata` and `Mrs Ngata` are two people.
    """
    if words_key(one) == words_key(other):
        return bool(words_key(one))
    first, second = _words(one), _words(other)
    fewer, more = (first, second) if len(first) <= len(second) else (second, first)
    if not fewer or (len(fewer) == 1 and _has_title(one, other)):
        return False
    return all(any(_stands_for(word, full) for full in more) for word in fewer)


def _words(name: str) -> set[str]:
    return set(words_key(name).split()) - _TITLES


def _has_title(*names: str) -> bool:
    return any(not _TITLES.isdisjoint(words_key(name).split()) for name in names)


def _stands_for(word: str, full: str) -> bool:
    return word == full or (min(len(word), len(full)) == 1 and word[0] == full[0])
