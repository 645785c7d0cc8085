"""What the notifier keeps of schools and students: its own copy, fed by events."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.events.data import Caregiver, TermDates

__all__ = ["Caregiver", "Contact", "School", "TermDates"]


@dataclass(frozen=True, slots=True)
class School:
    """A school, as far as letters need it."""

    school: str
    name: str
    timezone: str
    contact_email: str | None
    terms: tuple[TermDates, ...]
    updated_at: datetime

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
