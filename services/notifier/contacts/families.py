"""The children of one family: students who have a caregiver in common to whom letters go about each of them. Pure."""

from services.notifier.contacts.contact import Contact
from services.notifier.contacts.correspondents import Decisions, correspondents
from services.notifier.contacts.same_person import places
from shared.same_name import same_name


def caregivers_in_common(one: Contact, other: Contact, decisions: Decisions, decisions_there: Decisions | None = None) -> list[str]:
    """The names of those caregivers, as the first student's entry has them; none for students of two families.

    A mailbox or a mobile alone is not enough: a hostel's is that of many families. A caregiver who must not be written to about one of the
    children makes no family of them. `decisions_there` are those of the other student's school, where it is another one.
    """
    if one.school != other.school and decisions_there is None:
        return []
    others = correspondents(other.caregivers, decisions if decisions_there is None else decisions_there, elsewhere=other.elsewhere)
    return [
        caregiver.name
        for caregiver in correspondents(one.caregivers, decisions, elsewhere=one.elsewhere)
        if any(same_name(caregiver.name, also.name) and not places(caregiver).isdisjoint(places(also)) for also in others)
    ]
