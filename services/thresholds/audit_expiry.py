"""What has been in the audit log for as long as it has to be kept, goes: it is about persons too."""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.repository import audit
from shared.db.errors import is_transient
from shared.waiting import happened

log = structlog.get_logger()

LINES_AT_ONCE: Final = 5_000
PAUSE: Final = 3600.0
"""Seconds between two looks. Years are what counts here."""


@dataclass(frozen=True)
class AuditExpiry:
    """Drops lines that are older than so many years. Any number of workers may do it side by side."""

    engine: AsyncEngine
    years: int

    async def run(self, stop: asyncio.Event) -> None:
        """Looks now and then until `stop` is set; a database that is away is waited for."""
        while not stop.is_set():
            try:
                if await self.run_once() == LINES_AT_ONCE:
                    continue
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("audit.waits", error=type(error).__name__)
            await happened(stop, PAUSE)

    async def run_once(self) -> int:
        """Drops some thousands of lines; answers how many."""
        async with self.engine.begin() as connection:
            dropped = await audit.forget(connection, self.years, LINES_AT_ONCE)
        if dropped:
            log.info("audit.expired", lines=dropped)
        return dropped
