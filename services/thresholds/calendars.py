"""The schools' calendars, as thresholds reads them from events."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.repository import schools
from shared.attendance.calendar import SchoolCalendar, Slot, Term
from shared.events.data import SchoolUpdated


def calendar_of(school: SchoolUpdated) -> SchoolCalendar:
    """The calendar that a school's event describes."""
    return SchoolCalendar(
        terms=tuple(Term(term.term, term.start, term.end) for term in sorted(school.terms, key=lambda term: term.start)),
        closed_days=frozenset(school.closed_days),
        half_days=frozenset(school.half_days),
        slots=tuple(Slot(slot.slot, slot.name, slot.minutes) for slot in school.slots),
        timezone=school.timezone,
    )


def terms_to_fold_again(old: SchoolCalendar, new: SchoolCalendar) -> list[str]:
    """The terms whose totals a new calendar can change."""
    if old.slots != new.slots:
        return [term.name for term in new.terms]
    changed_days = (old.closed_days ^ new.closed_days) | (old.half_days ^ new.half_days)
    return [term.name for term in new.terms if old.term_named(term.name) != term or any(day in term for day in changed_days)]


class CalendarCache:
    """Calendars by school, kept in memory for as long as the school's row says they are current."""

    def __init__(self) -> None:
        self._calendars: dict[str, tuple[datetime, SchoolCalendar]] = {}

    async def lock(self, connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, SchoolCalendar]:
        """Locks the schools that are known (see `schools.lock`) and answers their calendars."""
        current = await schools.lock(connection, numbers)
        outdated = [number for number, updated_at in current.items() if self._at(number) != updated_at]
        if outdated:
            for school in await schools.get(connection, outdated):
                self._calendars[school.school] = (school.updated_at, calendar_of(school))
        return {number: self._calendars[number][1] for number in current}

    def _at(self, number: str) -> datetime | None:
        known = self._calendars.get(number)
        return known[0] if known else None
