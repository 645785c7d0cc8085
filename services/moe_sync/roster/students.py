"""Reads the students' topic while any school wants national student numbers, and from its start whenever another school does.

The topic is compacted: its first to its last message tell of every student there is. So a new group that begins at the start fills in
what had been read past, and simply goes on from there; nobody has to know where the past ends.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from services.moe_sync.roster.repository import national_numbers
from shared.bus.applying import Handler
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.events.topics import STUDENTS
from shared.offsets import repository as offsets
from shared.offsets.ledger import Ledger
from shared.worker import WorkerParts

log = structlog.get_logger()

POLL: Final = timedelta(seconds=5)
"""The bound on how late a choice takes effect should its NOTIFY be lost."""


@dataclass
class StudentsReader:
    """One reading of the students at a time, by its generation."""

    parts: WorkerParts
    handler: Handler
    bell: Wakeup = field(default_factory=Wakeup)

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Reads until `stop` is set. Raises what a reading died of."""
        while not stop.is_set():
            beat()
            generation = await self._wanted()
            if generation is None:
                await self.bell.wait(POLL)
                continue
            await self._read(generation, stop, beat)

    async def _read(self, generation: int, stop: asyncio.Event, beat: Callable[[], None]) -> None:
        readings = f"{self.parts.schema}.students."
        # What a group of this name has committed to the bus may be from before the database was restored.
        ledger = Ledger(self.parts.engine, f"{readings}{generation}", adopts=False)
        await self._forget_others(readings, ledger.group)
        log.info("students.reading", group=ledger.group)
        ending = asyncio.Event()
        processor = self.parts.processor(ledger, [STUDENTS], self.handler, beat)
        reading = asyncio.create_task(processor.run(ending), name=ledger.group)
        try:
            while not stop.is_set() and not reading.done() and await self._wanted(generation) == generation:
                await self.bell.wait(POLL)
        finally:
            ending.set()
            await reading

    async def _forget_others(self, readings: str, group: str) -> None:
        try:
            async with self.parts.engine.begin() as connection:
                await offsets.forget_others(connection, readings, group)
        except Exception as error:
            # The next reading does it.
            if not is_transient(error):
                raise

    async def _wanted(self, believed: int | None = None) -> int | None:
        """The reading that is wanted, None for none; while the database is away, the one that was wanted before (`believed`)."""
        try:
            async with self.parts.engine.connect() as connection:
                generation, wanted = await national_numbers.current_reading(connection)
        except Exception as error:
            if not is_transient(error):
                raise
            return believed
        return generation if wanted else None
