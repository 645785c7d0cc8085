"""The work of a window that has closed: build the week's upload, and schedule the week after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.building import build
from services.moe_sync.repository import schools
from services.moe_sync.repository.schools import Window
from services.moe_sync.scheduling import WINDOW, Scheduler
from services.moe_sync.schools import School
from services.moe_sync.windows import closes_at, term_of
from shared.clock import Clock, utc_now
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=5), most_attempts=None)
LEASE: Final = timedelta(minutes=2)
"""A build takes well under a second; what takes this long has been killed."""

TURN: Final = timedelta(seconds=2)
"""How soon to look again whether the weeks before have been built: they take milliseconds."""


@dataclass
class WindowTask:
    """Builds in one transaction, so that a week is built once whoever is killed when."""

    engine: AsyncEngine
    scheduler: Scheduler
    started_at: datetime
    clock: Clock = utc_now
    kind: str = WINDOW
    backoff: Backoff = BACKOFF
    lease: timedelta = LEASE

    async def perform(self, item: WorkItem) -> Outcome:
        """Builds the upload of the week, or says what it waits for."""
        now = self.clock()
        async with self.engine.begin() as connection:
            window = await schools.window(connection, item.id)
            if window is None:
                return Done("no such window")
            school = await schools.lock(connection, window.school)
            # Read again under the lock: another worker may have built it meanwhile.
            window = await schools.window(connection, item.id)
            assert school is not None and window is not None
            if window.done:
                return Done("built before")
            closed_at = closes_at(window.week, school.zone, self.scheduler.closing)
            # After an outage the events of that time are still being read: a nil return now would say what isn't so.
            ready_at = max(closed_at, self.started_at) + self.scheduler.lag
            if now < ready_at:
                return Retry("events may be on their way", after=ready_at - now)
            if await schools.earlier_window_open(connection, window):
                return Retry("an earlier week comes first", after=TURN)
            detail = await self._build(connection, school, window, closed_at, now)
            await schools.finish_window(connection, window.id, now)
            await self.scheduler.schedule_from(connection, school, window.week.following(), now)
        return Done(detail)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Nothing is left to keep."""

    async def _build(self, connection: AsyncConnection, school: School, window: Window, closed_at: datetime, now: datetime) -> str:
        term = term_of(window.week, school.terms)
        if term is None:
            # Scheduled by an older calendar.
            return "the week lies in no term"
        upload = await build(connection, school, window.week, term, until=closed_at, now=now)
        if upload is None:
            log.info("window.said_before", school=school.school, week=str(window.week))
            return "nothing has changed since the week's last upload"
        return "built"
