"""The schools' calendars, as thresholds reads them from events."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository import schools
from shared.attendance.calendar import SchoolCalendar
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated

UNKNOWN_SCHOOL: Final = "unknown-school"
OUTSIDE_TERM: Final = "outside-term"
"""Reasons for which marks lie in the dead letters until the school's calendar comes, or has a term for their days."""


def with_past_terms(old: SchoolUpdated, new: SchoolUpdated) -> SchoolUpdated:
    """The new calendar, with the terms of the old one that it leaves out and that lie before all of its own.

    A school that sends this year's terms does not mean that last year had none; its register is kept for years.
    """
    first = min((term.start for term in new.terms), default=date.max)
    named = {term.term for term in new.terms}
    past = [term for term in old.terms if term.end < first and term.term not in named]
    if not past:
        return new
    last = max(term.end for term in past)
    return msgspec.structs.replace(
        new,
        terms=[*past, *new.terms],
        closed_days=[*(day for day in old.closed_days if day <= last), *(day for day in new.closed_days if day > last)],
        half_days=[*(day for day in old.half_days if day <= last), *(day for day in new.half_days if day > last)],
        day_slots=[*(day for day in old.day_slots if day.date <= last), *(day for day in new.day_slots if day.date > last)],
        open_days=[*(day for day in old.open_days if day <= last), *(day for day in new.open_days if day > last)],
    )


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
        cached = self._calendars.get(number)
        return cached[0] if cached else None
