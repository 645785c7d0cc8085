"""The one worker among many that schedules: it closes windows, keeps their chains whole, and counts what is overdue."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.roster.repository import schools
from services.moe_sync.uploads.repository import upload_log, uploads
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.task import WindowTask
from shared.clock import Clock, utc_now
from shared.clockwatch.watch import Doubts, never
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.leases.lease import FenceLostError, Lease
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

SCHEDULE: Final = "schedule"
"""The lease under which one worker schedules."""

POLL: Final = timedelta(seconds=3)
"""How often the lease is renewed, and a standby looks whether it may lead: several times in a lease's length."""

ROUND: Final = timedelta(minutes=1)
"""How often chains are looked over, and overdue windows counted: a handful of statements for all schools."""

OVERDUE_AFTER: Final = timedelta(minutes=30)
"""How long after its time an unbuilt window counts as missed. Building all schools' windows takes well under a minute."""

AWAY_PAUSE: Final = 1.0
MOST_REVIVED: Final = 1_000


@dataclass
class Leader:
    """Leads while it holds the lease, and stands by while another worker does. Each transaction proves the lease (a fence)."""

    engine: AsyncEngine
    lease: Lease
    windows: WindowTask
    adapters: frozenset[AdapterName]
    default: AdapterName
    clock: Clock = utc_now
    doubts: Doubts = never
    monotonic: Callable[[], float] = time.monotonic
    bell: Wakeup = field(default_factory=Wakeup)
    _leads: bool = False
    _last_round: float | None = None
    _reads_since: float = field(init=False)

    def __post_init__(self) -> None:
        self._reads_since = self.monotonic()

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Goes round until `stop` is set, then hands over."""
        try:
            while not stop.is_set():
                beat()
                try:
                    if not await self.run_once():
                        await self._wait()
                except FenceLostError:
                    log.warning("leader.fenced")
                    self._stand_back()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("leader.waits", error=type(error).__name__)
                    await wait_until_set(stop, AWAY_PAUSE)
        finally:
            await self.lease.give_up()
            self._stand_back()

    async def run_once(self) -> bool:
        """One round: answers whether there may be more to do at once. Raises FenceLostError."""
        if not await self._lead():
            return False
        # A week that is passed over, or closed too soon, is not closed again.
        if self.doubts():
            return False
        if self._last_round is None or self.monotonic() - self._last_round >= ROUND.total_seconds():
            await self._look_over(self.clock())
            self._last_round = self.monotonic()
        # After an outage the events of that time are still being read: a nil return now would say what isn't so.
        if self._still_reads() > timedelta(0):
            return False
        return await self.windows.close_due(self.lease.prove) > 0

    async def _lead(self) -> bool:
        if not await self.lease.keep():
            self._stand_back()
        elif not self._leads:
            # The settings may be others than those the windows were put down with.
            await self.windows.move_all(self.lease.prove)
            metrics.UPLOAD_LEADER.set(1)
            self._leads, self._last_round = True, None
        return self._leads

    async def _look_over(self, now: datetime) -> None:
        await self.windows.restart_chains(self.lease.prove)
        async with self.engine.begin() as connection:
            await self.lease.prove(connection)
            revived = await uploads.set_aside(connection, sorted(self.adapters - {"folder"}), self.default, MOST_REVIVED)
            if revived:
                await schools.lock_many(connection, revived)
                await uploads.queue_next(connection, revived, now)
                log.info("uploads.revived", schools=len(revived))
        async with self.engine.connect() as connection:
            metrics.UPLOAD_WINDOWS_OVERDUE.set(await windows.overdue(connection, now - OVERDUE_AFTER))
            tally = await upload_log.tally(connection)
        for state, count in tally.items():
            metrics.UPLOADS_WAITING.labels(state).set(count)

    async def _wait(self) -> None:
        wait = POLL
        if self._leads and not self.doubts():
            async with self.engine.connect() as connection:
                due_at = await windows.next_due(connection)
            if due_at is not None:
                wait = min(POLL, max(due_at - self.clock(), self._still_reads(), timedelta(milliseconds=10)))
        await self.bell.wait(wait)

    def _still_reads(self) -> timedelta:
        """How long the events of the time before the start may still be being read."""
        return self.windows.scheduler.lag - timedelta(seconds=self.monotonic() - self._reads_since)

    def _stand_back(self) -> None:
        self._leads = False
        # What only the leader knows must not be read from one who leads no longer.
        metrics.UPLOAD_LEADER.set(0)
        metrics.UPLOAD_WINDOWS_OVERDUE.set(0)
