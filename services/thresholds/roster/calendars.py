"""The schools' calendars, as thresholds reads them from events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository import schools
from shared.attendance.calendar import SchoolCalendar
from shared.events.calendars import calendar_of

UNKNOWN_SCHOOL: Final = "unknown-school"
OUTSIDE_TERM: Final = "outside-term"
"""Reasons for which marks lie in the dead letters until the school's calendar comes, or has a term for their days."""


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
