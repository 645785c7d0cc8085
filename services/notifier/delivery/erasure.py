"""Erasing the words and addresses of letters that were kept long enough: a piece of work a day."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.delivery.deliveries.repository import deliveries
from shared.clock import Clock
from shared.db.errors import is_transient
from shared.identifiers import erasure_id
from shared.waiting import wait_until_set
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome

log = structlog.get_logger()

WORK_KIND: Final = "erasure"
BACKOFF: Final = Backoff(timedelta(minutes=1), timedelta(hours=6), most_attempts=None)

AT_ONCE: Final = 500
"""Deliveries erased in one transaction: nobody who settles one waits for long."""

EVERY: Final = timedelta(days=1)
AWAY_PAUSE: Final = 1.0


async def plan(connection: AsyncConnection, now: datetime) -> None:
    """Puts today's erasure on the worklist, if it is not there. A worker does so when it starts; after that each one plans the next."""
    await worklist.add(connection, WORK_KIND, erasure_id(now.date()), now, now)


async def planner(engine: AsyncEngine, clock: Clock, stop: asyncio.Event) -> None:
    """A worker's loop: plans today's erasure as soon as the database is there, and rests."""
    while not stop.is_set():
        try:
            async with engine.begin() as connection:
                await plan(connection, clock())
            await stop.wait()
        except Exception as error:
            if not is_transient(error):
                raise
            await wait_until_set(stop, AWAY_PAUSE)


@dataclass(frozen=True, slots=True)
class ErasureTask:
    """Erases what is older than `kept`. The fact of each delivery stays: to whose family, when, about what, and how it ended."""

    engine: AsyncEngine
    kept: timedelta
    clock: Clock
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=10)
    kind: ClassVar[str] = WORK_KIND

    async def perform(self, item: WorkItem) -> Outcome:
        """Erases, some at a time, until there is no more."""
        erased = 0
        while True:
            now = self.clock()
            async with self.engine.begin() as connection:
                some = await deliveries.erase(connection, now - self.kept, now, AT_ONCE)
            erased += some
            if some < AT_ONCE:
                break
        if erased:
            log.info("deliveries.erased", count=erased)
        return Done(f"{erased} erased")

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Plans tomorrow's."""
        if isinstance(outcome, Done | Failed):
            due_at = self.clock() + EVERY
            await worklist.add(connection, WORK_KIND, erasure_id(due_at.date()), due_at, self.clock())
