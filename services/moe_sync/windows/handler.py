"""Schools' events into our copy and each school's next window into the schedule: one batch, one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.roster.repository import national_numbers, schools
from services.moe_sync.roster.school import School, school_from
from services.moe_sync.roster.unfit import UNFIT, UnfitEventError, is_school_number
from services.moe_sync.uploads.repository import uploads
from services.moe_sync.windows.repository import windows
from services.moe_sync.windows.scheduling import Scheduler
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events.data import SchoolUpdated
from shared.events.envelope import Event, Tombstone

log = structlog.get_logger()


@dataclass
class SchoolsHandler:
    """Keeps schools, and sees to it that each has its next window on the worklist."""

    engine: AsyncEngine
    scheduler: Scheduler
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits."""
        read, letters = read_events(messages)
        # None stands for a school that is gone.
        said: dict[str, list[School | None]] = defaultdict(list)
        for message, event in read:
            match event:
                case Event(data=SchoolUpdated() as update):
                    try:
                        said[update.school].append(school_from(update))
                    except UnfitEventError as error:
                        letters.append(DeadLetter(message, UNFIT, str(error)))
                case Tombstone(key=key) if is_school_number(key):
                    said[key].append(None)
                case _:
                    letters.append(DeadLetter(message, UNFIT, "only schools belong on this topic"))
        now = self.clock()
        async with self.engine.begin() as connection:
            for number in sorted(said):
                for school in said[number]:
                    await self._apply(connection, number, school, now)
            await self.dead_letters.keep(connection, letters, now)
        return {}

    async def _apply(self, connection: AsyncConnection, number: str, school: School | None, now: datetime) -> None:
        if school is None:
            await schools.close_for_good(connection, number)
            await national_numbers.erase_school(connection, number)
        elif await schools.put(connection, school):
            kept = await schools.lock(connection, number)
            slot = None if kept is None else self.scheduler.next_slot(kept, now)
            if slot is not None:
                await windows.add(connection, [slot])
                await uploads.wake(connection)
            log.info("school.updated", school=number)
