"""What the notifier keeps of schools and students: its own copy, fed by events."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.attendance.calendar import SchoolCalendar
from shared.events.calendars import calendar_of
from shared.events.data import Caregiver, SchoolUpdated, TermDates

__all__ = ["Caregiver", "Contact", "School", "TermDates"]

HOME: Final = "Pacific/Auckland"


@dataclass(frozen=True, slots=True)
class School:
    """A school, as far as letters need it. `document` is its event as it came; None for one that came before events were kept."""

    school: str
    name: str
    timezone: str
    contact_email: str | None
    terms: tuple[TermDates, ...]
    updated_at: datetime
    document: SchoolUpdated | None = None

    def calendar(self) -> SchoolCalendar:
        """When the school is open. Without its event: its terms, but for the weekends and the country's holidays."""
        document = self.document or SchoolUpdated(
            school=self.school, name=self.name, terms=list(self.terms), timezone=self.timezone, updated_at=self.updated_at
        )
        calendar = calendar_of(document)
        return calendar if _is_zone(calendar.timezone) else replace(calendar, timezone=HOME)

    def term_named(self, name: str) -> TermDates | None:
        """The dates of the term of that name."""
        return next((term for term in self.terms if term.term == name), None)


@dataclass(frozen=True, slots=True)
class Contact:
    """A student, and those who look after them."""

    student_id: uuid.UUID
    school: str
    given_name: str
    family_name: str
    year_level: int | None
    caregivers: tuple[Caregiver, ...]
    updated_at: datetime


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
