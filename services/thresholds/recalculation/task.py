"""Folding a school's rows again in the background, chunk by chunk, while marks flow."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.applying import apply
from services.thresholds.recalculation.folding_again import fold_again
from services.thresholds.recalculation.repository import recalculations
from services.thresholds.recalculation.repository.recalculations import Cause
from services.thresholds.register.folding import Folder
from services.thresholds.roster.calendars import CalendarCache
from shared.clock import Clock, utc_now
from shared.identifiers import NAMESPACE
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

log = structlog.get_logger()

KIND: Final = "recalculation"
CHUNK: Final = 500
"""Rows of one transaction: some tens of milliseconds, so that a school's marks never wait long for its lock."""


async def request_recalculation(
    connection: AsyncConnection,
    school: str,
    terms: list[str],
    *,
    cause: Cause,
    version: datetime,
    now: datetime,
    due: datetime | None = None,
) -> None:
    """Begins a recalculation with the caller's transaction. One for each school, cause and version: asking twice does no harm. It begins at
    `due`, or at once."""
    recalculation = uuid.uuid5(NAMESPACE, f"recalculation/{school}/{cause}/{version.isoformat()}")
    await recalculations.start(connection, recalculation, school=school, cause=cause, terms=terms, now=now)
    await worklist.add(connection, KIND, recalculation, due or now, now)


@dataclass(frozen=True)
class RecalculationTask:
    """Folds the rows of one recalculation again. Killed at any point, it goes on behind the last chunk it committed."""

    engine: AsyncEngine
    folder: Folder
    calendars: CalendarCache
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=1), timedelta(minutes=1), most_attempts=None)
    lease: ClassVar = timedelta(minutes=10)

    async def perform(self, item: WorkItem) -> Outcome:
        """Goes through the rows until there are none left, or a newer recalculation has taken over."""
        while await self._chunk(item.id):
            pass
        return Done()

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Marks it as finished."""
        if isinstance(outcome, Done):
            await recalculations.finish(connection, item.id, self.clock())

    async def _chunk(self, recalculation_id: uuid.UUID) -> bool:
        async with self.engine.begin() as connection:
            recalculation = await recalculations.get(connection, recalculation_id)
            if recalculation is None:
                return False
            school = recalculation.school
            calendar = (await self.calendars.lock(connection, [school]))[school]
            # Read again under the school's lock: a newer one may have taken over while this one waited for it.
            recalculation = await recalculations.get(connection, recalculation_id)
            if recalculation is None or not recalculation.goes_on:
                return False
            chunk = await recalculations.next_rows(connection, recalculation, CHUNK)
            if not chunk:
                return False
            folded = await fold_again(connection, self.folder, chunk, calendar, self.clock)
            facts = await apply(connection, folded, self.folder, self.clock())
            last = max(chunk, key=lambda key: (key.term, key.student))
            await recalculations.advance(connection, recalculation_id, last, rows=len(chunk), crossings=len(facts))
        log.info("recalculation.went_on", school=school, rows=len(chunk), crossings=len(facts))
        return len(chunk) == CHUNK
