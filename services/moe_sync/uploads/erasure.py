"""Erases what has been kept long enough: answered uploads with what they held, and items of which nothing else tells."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.uploads.repository import erasure
from shared.clock import Clock, utc_now

log = structlog.get_logger()

AT_ONCE: Final = 500
"""Uploads, or items, of one transaction."""


@dataclass
class ErasureTask:
    """Registers are kept seven years, and so is what was said of them."""

    engine: AsyncEngine
    keep_for: timedelta
    clock: Clock = utc_now

    async def erase_due(self, hold: Callable[[AsyncConnection], Awaitable[None]]) -> int:
        """Erases what is older than the settings keep it, some after some; answers how many uploads went."""
        before = self.clock() - self.keep_for
        erased = 0
        for erase in (erasure.uploads, erasure.versions, erasure.items):
            while True:
                async with self.engine.begin() as connection:
                    await hold(connection)
                    count = await erase(connection, before, AT_ONCE)
                if erase is erasure.uploads:
                    erased += count
                if count < AT_ONCE:
                    break
        if erased:
            log.info("uploads.erased", uploads=erased)
        return erased
