"""The door's worker: carries what was said of schools to the bus."""

import asyncio

from services.ingest.app import SCHEMA
from services.ingest.settings import IngestSettings
from shared.clock import Clock, utc_now
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts


async def run_worker(settings: IngestSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        await supervise({"relay": parts.relay(), "bells": parts.bells()}, stop)
