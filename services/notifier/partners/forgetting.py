"""Forgets what partners can't ask for any more: events that are old enough, and what is left of deleted subscriptions."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.partners.repository import partner_events, webhooks
from shared.clock import Clock
from shared.db.errors import is_transient
from shared.waiting import wait_until_set

log = structlog.get_logger()

EVERY: Final = timedelta(hours=1)
TICK: Final = timedelta(seconds=30)
"""How often the loop shows that it lives."""

BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Looks every hour. Any number of workers may do so at once."""

    engine: AsyncEngine
    kept: timedelta
    clock: Clock

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Goes on until `stop` is set."""
        while not stop.is_set():
            try:
                await self.run_once(beat)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("partner_events.not_forgotten", error=type(error).__name__)
            for _ in range(EVERY // TICK):
                beat()
                if await wait_until_set(stop, TICK.total_seconds()):
                    break

    async def run_once(self, beat: Callable[[], None] = lambda: None) -> int:
        """Forgets all there is to forget, in small transactions; answers how many events."""
        forgotten = 0
        while True:
            beat()
            async with self.engine.begin() as connection:
                events = await partner_events.forget_before(connection, self.clock() - self.kept, BATCH)
                rest = await webhooks.forget_deleted(connection, BATCH)
            forgotten += events
            if max(events, rest) < BATCH:
                break
        if forgotten:
            log.info("partner_events.forgotten", events=forgotten)
        return forgotten
