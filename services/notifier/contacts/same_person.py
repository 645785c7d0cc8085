"""Whether two entries of a school's rosters are one person: by a place that letters reach, or by name. Pure.

A caregiver is taken for another who must not be written to rather than missed: the error on that side costs a question.
"""

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.phones import usable_phone
from shared.addresses import address_key, usable_address
from shared.same_name import same_name


def places(caregiver: Caregiver) -> set[str]:
    """The mailbox and the mobile that reach a caregiver, in the form that all their spellings share."""
    address, phone = usable_address(caregiver.email), usable_phone(caregiver.phone)
    return {place for place in (address_key(address) if address is not None else None, phone) if place is not None}


def same_person(one: Caregiver, other: Caregiver) -> bool:
    """Whether they have a place or a name in common."""
    return not places(one).isdisjoint(places(other)) or same_name(one.name, other.name)
