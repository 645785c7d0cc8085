"""The person at the school whom a student's family can ask for. Pure."""

from dataclasses import dataclass

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.one_line import one_line
from shared.addresses import usable_address
from shared.events.data import Dean


@dataclass(frozen=True, slots=True)
class Person:
    """A name, a telephone number and an address to write to, as far as the school has given them."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


def person_for(school: School, contact: Contact) -> Person:
    """The dean of one of the student's groups, else of the year level, else the school's own person; gaps are filled from the school's."""
    document = school.document
    if document is None:
        return Person(email=school.reply_address())
    deans = {dean.group.casefold(): dean for dean in document.deans}
    wanted = [*contact.groups, *([] if contact.year_level is None else [f"year:{contact.year_level}"])]
    dean = next((deans[group.casefold()] for group in wanted if group.casefold() in deans), None)
    if dean is None:
        return Person(_line(document.contact_name), _line(document.phone), school.reply_address())
    return Person(one_line(dean.name), _line(dean.phone) or _line(document.phone), _address(dean) or school.reply_address())


def _line(text: str | None) -> str | None:
    return one_line(text) or None if text is not None else None


def _address(dean: Dean) -> str | None:
    # As with the school's own: a header holds an address outside ASCII only where every server on the way can.
    address = usable_address(dean.email)
    return address if address is not None and address.isascii() else None
