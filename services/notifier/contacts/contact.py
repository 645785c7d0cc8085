"""A school and a student with their caregivers: the notifier's own copy of the roster, fed by events."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.notifier.contacts.postal import home_key, usable_home
from shared.addresses import address_key, usable_address
from shared.attendance.calendar import SchoolCalendar
from shared.clock import HOME_ZONE
from shared.events.calendars import calendar_of
from shared.events.data import Caregiver, SchoolUpdated, TermDates

__all__ = ["Caregiver", "Contact", "School", "TermDates"]


@dataclass(frozen=True, slots=True)
class School:
    """A school, as far as letters need it. `document` is its event as it came; None for one that came before events were kept.
    `promises`: the standard codes of the activities that its published plan names, by threshold."""

    school: str
    name: str
    timezone: str
    contact_email: str | None
    terms: tuple[TermDates, ...]
    updated_at: datetime
    document: SchoolUpdated | None = None
    promises: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def calendar(self) -> SchoolCalendar:
        """When the school is open. Without its event: its terms, but for the weekends and the country's holidays."""
        calendar = calendar_of(self.event())
        return calendar if _is_zone(calendar.timezone) else replace(calendar, timezone=HOME_ZONE)

    def event(self) -> SchoolUpdated:
        """The school's event as it came, or what is known of it."""
        return self.document or SchoolUpdated(
            school=self.school, name=self.name, terms=list(self.terms), timezone=self.timezone, updated_at=self.updated_at
        )

    def term_named(self, name: str) -> TermDates | None:
        """The dates of the term of that name."""
        return next((term for term in self.terms if term.term == name), None)

    def reply_address(self) -> str | None:
        """Where a family can write back to. A header holds an address outside ASCII only where every server on the way can."""
        office = usable_address(self.contact_email)
        return office if office is not None and office.isascii() else None


def school_of(event: SchoolUpdated) -> School:
    """The school that an event describes."""
    return School(event.school, event.name, event.timezone, event.contact_email, tuple(event.terms), event.updated_at, event)


@dataclass(frozen=True, slots=True)
class Contact:
    """A student with their caregivers. `elsewhere` are those under other keys of the same child: they only stop letters."""

    student_id: uuid.UUID
    school: str
    given_name: str
    family_name: str
    year_level: int | None
    caregivers: tuple[Caregiver, ...]
    updated_at: datetime
    groups: tuple[str, ...] = ()
    elsewhere: tuple[Caregiver, ...] = ()

    def addresses(self) -> dict[str, list[str]]:
        """The keys of the caregivers' usable e-mail addresses and homes, each with the names of those who have it there, in the school's
        order."""
        names: dict[str, list[str]] = {}
        for caregiver in self.caregivers:
            if (address := usable_address(caregiver.email)) is not None:
                names.setdefault(address_key(address), []).append(caregiver.name)
            if (home := usable_home(caregiver.postal_address)) is not None:
                names.setdefault(home_key(home), []).append(caregiver.name)
        return names


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
