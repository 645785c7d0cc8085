"""The loop that measures, beside an API."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.lag import GroupLag
from shared.clock import Clock
from shared.measures.backups import last_backup
from shared.measures.common import Measure, measure_common, note_lags
from shared.telemetry import metrics

log = structlog.get_logger()

EVERY: Final = 15.0
"""Seconds between two rounds: as often as Prometheus commonly asks."""

PATIENCE: Final = 10.0
"""Seconds for the database's part of a round, and for the bus's."""

Lags = Callable[[], Awaitable[list[GroupLag]]]


@dataclass
class Measuring:
    """Measures one service. `more` are the measures of the service's own; `data` is the folder of the last backup's note."""

    schema: str
    engine: AsyncEngine
    lags: Lags
    clock: Clock
    data: Path
    more: Sequence[Measure] = ()
    _failing: frozenset[str] = frozenset()

    async def measure(self) -> None:
        """One round. A part that fails leaves its numbers as they are, and the time of the last round that was whole."""
        failed = frozenset([*await self._tried("database", self._database), *await self._tried("bus", self._bus)])
        if not failed:
            metrics.MEASURED_AT.labels(self.schema).set(time.time())
        self._failing = failed
        backup = last_backup(self.data)
        if backup is not None:
            metrics.LAST_SUCCESS.labels(self.schema, "backup").set(backup.timestamp())

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            await self.measure()
            await asyncio.sleep(EVERY)

    async def _tried(self, part: str, measure: Callable[[], Awaitable[None]]) -> list[str]:
        try:
            async with asyncio.timeout(PATIENCE):
                await measure()
        except Exception as error:
            if part not in self._failing:
                log.warning("measures.failed", schema=self.schema, part=part, error=type(error).__name__)
            return [part]
        return []

    async def _database(self) -> None:
        async with self.engine.connect() as connection:
            await measure_common(connection, self.schema, self.clock())
            for measure in self.more:
                await measure(connection, self.clock())

    async def _bus(self) -> None:
        note_lags(self.schema, await self.lags())


@asynccontextmanager
async def measuring(measures: Measuring) -> AsyncIterator[None]:
    """Measures while the body runs."""
    task = asyncio.create_task(measures.run(), name=f"measure {measures.schema}")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
