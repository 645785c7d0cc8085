"""Schools' events into our copy and each school's next window into the schedule: one batch, one transaction."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import national_numbers, schools
from services.moe_sync.roster.school import beside, school_from
from services.moe_sync.roster.unfit import UNFIT, UnfitEventError, is_school_number
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.scheduling import Scheduler
from shared.batch import Batch, BatchHandler
from shared.events.data import SchoolUpdated
from shared.events.envelope import Event, Tombstone
from shared.worklist import repository as worklist

log = structlog.get_logger()


@dataclass(kw_only=True)
class SchoolsHandler(BatchHandler):
    """Keeps schools, and sees to it that each has its next window on the worklist."""

    scheduler: Scheduler

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events, school by school. None of them ever waits."""
        # None stands for a school that is gone.
        updates: dict[str, list[SchoolUpdated | None]] = defaultdict(list)
        for message, event in batch.events:
            match event:
                case Event(data=SchoolUpdated() as update):
                    try:
                        updates[school_from(update).school].append(update)
                    except UnfitEventError as error:
                        batch.refuse(message, UNFIT, str(error))
                case Tombstone(key=key) if is_school_number(key):
                    updates[key].append(None)
                case _:
                    batch.refuse(message, UNFIT, "only schools belong on this topic")
        for number in sorted(updates):
            for sent in updates[number]:
                await self._update(connection, number, sent, batch.now)

    async def _update(self, connection: AsyncConnection, number: str, update: SchoolUpdated | None, now: datetime) -> None:
        before = await schools.lock(connection, number)
        if update is None:
            await schools.close_for_good(connection, number)
            await national_numbers.erase_school(connection, number)
        elif await schools.put(connection, beside(before, update)):
            kept = await schools.lock(connection, number)
            newest = (await windows.newest_of(connection, [number])).get(number)
            slot = None if kept is None else self.scheduler.next_slot(kept, now, newest)
            if slot is not None:
                await windows.add(connection, [slot])
                await worklist.wake(connection)
            log.info("school.updated", school=number)
