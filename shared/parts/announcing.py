"""A process announces itself, again and again, beside its work. A database that is away costs it nothing but the news."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.lag import GroupLag
from shared.leases.lease import Lease
from shared.parts import repository
from shared.parts.part import EVERY, GroupLagSaid, PartKind, Said, said_of
from shared.telemetry.operation_times import OperationTimes
from shared.telemetry.progress import Check, Progress
from shared.version import VERSION

log = structlog.get_logger()

PATIENCE: Final = 5.0
"""Seconds for one announcement, each check and the lag: what takes longer is missing."""

LAG_EVERY: Final = 3
"""Announcements between two looks at the lag, which costs a broker some requests."""


@dataclass
class Announcer:
    """One process of a service. `checks` and `progress` are what its `/readyz` and `/healthz` ask; names begin with `prefix`."""

    engine: AsyncEngine
    kind: PartKind
    progress: Progress
    checks: Mapping[str, Check]
    prefix: str = ""
    times: OperationTimes | None = None
    leases: Iterable[Lease] = ()
    lags: Callable[[], Awaitable[list[GroupLag]]] | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    _round: int = 0
    _lag: list[GroupLagSaid] = field(default_factory=list)

    async def announce(self) -> None:
        """Writes the row once."""
        said = Said(
            stuck=[name for name in self.progress.stuck() if self.kind == "worker" and name.startswith(self.prefix)],
            missing=await self._missing(),
            leads=[lease.name for lease in self.leases if lease.has_time_left()],
            lag=await self._lags(),
        )
        if self.times is not None:
            said.seconds, said.operations, said.minutes = said_of(self.times.hour())
        async with asyncio.timeout(PATIENCE), self.engine.begin() as connection:
            await repository.announce(connection, self.id, self.kind, socket.gethostname(), VERSION, said)

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        failing = False
        while True:
            try:
                await self.announce()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning("part.not_announced", kind=self.kind, error=type(error).__name__)
                failing = True
            await asyncio.sleep(EVERY.total_seconds())

    async def leave(self) -> None:
        """Takes the row away. Where that does not go quickly, the row ends by itself."""
        with suppress(Exception):
            async with asyncio.timeout(PATIENCE), self.engine.begin() as connection:
                await repository.leave(connection, self.id)

    async def _missing(self) -> list[str]:
        missing = []
        for name, check in tuple(self.checks.items()):
            if not name.startswith(self.prefix):
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    await check()
            except Exception:
                missing.append(name)
        return missing

    async def _lags(self) -> list[GroupLagSaid]:
        if self.lags is not None and self._round % LAG_EVERY == 0:
            try:
                async with asyncio.timeout(PATIENCE):
                    lags = await self.lags()
                self._lag = [
                    GroupLagSaid(lag.group, lag.topic, lag.partition, lag.records, round(lag.seconds, 1))
                    for lag in lags
                    if lag.group.startswith(self.prefix)
                ]
            except Exception as error:
                log.info("part.lag_unknown", error=type(error).__name__)
        self._round += 1
        return self._lag


@asynccontextmanager
async def announcing(announcer: Announcer) -> AsyncIterator[None]:
    """Announces the process while the body runs."""
    task = asyncio.create_task(announcer.run(), name=f"announce {announcer.kind}")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await announcer.leave()
