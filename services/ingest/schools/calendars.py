"""The calendars that marks are checked against, kept in memory so that the path of a mark needs no database."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.schools import repository as schools
from services.ingest.schools.repository import StoredSchool
from shared.attendance.calendar import SchoolCalendar
from shared.db.errors import is_transient
from shared.db.listen import listening

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    calendar: SchoolCalendar
    updated_at: datetime


class Calendars:
    """Schools' calendars by number, read once and again when a school was sent anew.

    The database rings when a school is stored; should the word be lost, changes are looked for every `look_every`. While the database
    is away, what is known goes on being believed.
    """

    def __init__(self, engine: AsyncEngine, look_every: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._look_every = look_every.total_seconds()
        self._monotonic = monotonic
        self._entries: dict[str, _Entry] = {}
        self._marked: dict[str, float] = {}
        self._to_note: set[str] = set()
        self._noting = asyncio.Lock()
        self._next_look = -math.inf

    @asynccontextmanager
    async def following(self, database_url: str) -> AsyncIterator[None]:
        """Hears of changes while the body runs."""
        async with listening(database_url, {schools.CHANNEL: self._ring}):
            yield

    async def of(self, school: str) -> SchoolCalendar | None:
        """The school's calendar; None for a school that was never sent."""
        if self._monotonic() >= self._next_look:
            await self._look()
        entry = self._entries.get(school)
        return entry.calendar if entry is not None else await self.newest(school)

    async def note_marked(self, school: str, now: datetime) -> None:
        """Notes, once, that days of the school have been marked: its timetables do not change those days by accident any more.

        Schools that are marked while others are being noted wait for them in one statement: on a morning, all of them come at once.
        The path of a mark does not wait for a database that is away: it is tried again later.
        """
        if self._monotonic() < self._marked.get(school, 0):
            return
        self._marked[school] = self._monotonic() + self._look_every
        self._to_note.add(school)
        if self._noting.locked():
            return
        async with self._noting:
            while self._to_note:
                noted, self._to_note = self._to_note, set()
                await self._note(noted, now)

    async def _note(self, marked: set[str], now: datetime) -> None:
        try:
            async with self._engine.begin() as connection:
                await schools.note_marked(connection, sorted(marked), now)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("calendars.database_away", error=type(error).__name__)
        else:
            self._marked.update(dict.fromkeys(marked, math.inf))

    async def newest(self, school: str) -> SchoolCalendar | None:
        """The school's calendar as it is in the database now."""
        entry = self._entries.get(school)
        try:
            async with self._engine.connect() as connection:
                stored = await schools.changed_since(connection, {}, [school])
        except Exception as error:
            if entry is None or not is_transient(error):
                raise
            log.warning("calendars.database_away", error=type(error).__name__)
            return entry.calendar
        return self._keep(stored[0]) if stored else None

    def _ring(self) -> None:
        self._next_look = -math.inf

    async def _look(self) -> None:
        # Set first: a bell that rings meanwhile counts, and others who ask meanwhile go on with what is known.
        self._next_look = self._monotonic() + self._look_every
        known = {school: entry.updated_at for school, entry in self._entries.items()}
        try:
            async with self._engine.connect() as connection:
                changed = await schools.changed_since(connection, known)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("calendars.database_away", error=type(error).__name__)
            return
        for stored in changed:
            self._keep(stored)

    def _keep(self, stored: StoredSchool) -> SchoolCalendar:
        # What a later answer has overtaken is put right by the next look: the bell has rung for that one.
        entry = self._entries[stored.school] = _Entry(stored.read().calendar(), stored.updated_at)
        if stored.marked:
            self._marked[stored.school] = math.inf
        return entry.calendar
