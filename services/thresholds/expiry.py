"""What has been kept for as long as it has to be, goes: it is about persons too."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.errors import is_transient
from shared.waiting import wait_until_set

log = structlog.get_logger()

ROWS_AT_ONCE: Final = 5_000
PAUSE: Final = 3600.0
"""Seconds between two looks. Months and years are what counts here."""

Forget = Callable[[AsyncConnection, int], Awaitable[int]]
"""Drops up to so many rows that are too old; answers how many."""


@dataclass(frozen=True)
class Expiry:
    """Drops what is too old of one kind. Any number of workers may do it side by side."""

    engine: AsyncEngine
    kind: str
    forget: Forget

    async def run(self, stop: asyncio.Event) -> None:
        """Looks now and then until `stop` is set; a database that is away is waited for."""
        while not stop.is_set():
            try:
                if await self.run_once() == ROWS_AT_ONCE:
                    continue
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("expiry.waits", kind=self.kind, error=type(error).__name__)
            await wait_until_set(stop, PAUSE)

    async def run_once(self) -> int:
        """Drops some thousands of rows; answers how many."""
        async with self.engine.begin() as connection:
            dropped = await self.forget(connection, ROWS_AT_ONCE)
        if dropped:
            log.info("expiry.dropped", kind=self.kind, rows=dropped)
        return dropped
