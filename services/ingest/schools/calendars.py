"""The calendars that marks are checked against, kept in memory so that the path of a mark needs no database."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.schools import repository as schools
from shared.attendance.calendar import SchoolCalendar
from shared.db.errors import is_transient

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    calendar: SchoolCalendar
    read_at: float


class Calendars:
    """Schools' calendars by number. While the database is away, what is known goes on being believed."""

    def __init__(self, engine: AsyncEngine, believed_for: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._believed_for = believed_for.total_seconds()
        self._monotonic = monotonic
        self._entries: dict[str, _Entry] = {}
        self._marked: dict[str, float] = {}

    async def of(self, school: str) -> SchoolCalendar | None:
        """The school's calendar; None for a school that was never sent."""
        entry = self._entries.get(school)
        if entry is not None and self._monotonic() - entry.read_at < self._believed_for:
            return entry.calendar
        return await self.newest(school)

    async def note_marked(self, school: str, now: datetime) -> None:
        """Notes, once, that days of the school have been marked: its timetables do not change those days by accident any more.

        The path of a mark does not wait for a database that is away: it is tried again later.
        """
        if self._monotonic() < self._marked.get(school, 0):
            return
        self._marked[school] = self._monotonic() + self._believed_for
        try:
            async with self._engine.begin() as connection:
                await schools.note_marked(connection, school, now)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("calendars.database_away", error=type(error).__name__)
        else:
            self._marked[school] = math.inf

    async def newest(self, school: str) -> SchoolCalendar | None:
        """The school's calendar as it is in the database now."""
        entry = self._entries.get(school)
        try:
            async with self._engine.connect() as connection:
                stored = await schools.school(connection, school)
        except Exception as error:
            if entry is None or not is_transient(error):
                raise
            log.warning("calendars.database_away", error=type(error).__name__)
            return entry.calendar
        if stored is None:
            return None
        calendar = stored.calendar()
        self._entries[school] = _Entry(calendar, self._monotonic())
        return calendar
