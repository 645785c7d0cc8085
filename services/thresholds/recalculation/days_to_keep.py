"""Keeps the days of rows that have none: those from before the columns were there, and those of the form that the last release writes.

Such rows are right at once, as whoever reads them takes the days from the marks. This spares them that, a few rows at a time, once the
last release has gone: its workers would change marks and leave the days beside them as they are.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.enrolments import of_rows
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.db.finishing import is_finished
from shared.waiting import wait_until_set

log = structlog.get_logger()

AT_ONCE: Final = 200
"""Rows of one transaction: the school's marks wait for some hundredths of a second."""

REST: Final = 3.0
"""Times as long as the work took: it is in no hurry, and marks are."""

EVERY: Final = timedelta(minutes=10)
TICK: Final = timedelta(seconds=30)


@dataclass
class DaysToKeep:
    """Goes through the rows without days, by key, again and again; rows of a term that their school no longer has stay as they are."""

    engine: AsyncEngine
    folder: Folder
    calendars: CalendarCache = field(default_factory=CalendarCache)
    clock: Clock = utc_now

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Goes on until `stop` is set. An outage of the database is waited out."""
        after: RowKey | None = None
        while not stop.is_set():
            beat()
            started = time.monotonic()
            try:
                after = await self.keep_some(after)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("days.wait", error=type(error).__name__)
                after = None
            if after is not None:
                await wait_until_set(stop, min((time.monotonic() - started) * REST, TICK.total_seconds()))
                continue
            for _ in range(EVERY // TICK):
                beat()
                if await wait_until_set(stop, TICK.total_seconds()):
                    break

    async def keep_some(self, after: RowKey | None) -> RowKey | None:
        """Keeps the days of some rows behind a key; answers the last one's key, or None where there are no more."""
        async with self.engine.begin() as connection:
            if not await is_finished(connection, rows.NEWEST_FIRST):
                return None
            keys = await rows.without_days(connection, after, AT_ONCE)
            if not keys:
                return None
            school = keys[0].school
            own = await of_rows(connection, keys, await self.calendars.lock(connection, [school]))
            # Read under the school's lock: marks may have come first.
            stored = await rows.load(connection, own)
            kept = {}
            for key, row in stored.items():
                if row.days is None:
                    calendar, term = own[key]
                    ended = self.folder.ended(calendar, self.clock())
                    kept[key] = row._replace(days=self.folder.days.all_days(row.marks, term, calendar, ended))
            await rows.save(connection, kept, kept)
        log.info("days.kept", school=school, rows=len(kept))
        return keys[-1]
