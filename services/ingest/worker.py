"""The door's worker: carries what was said of schools to the bus, and works KAMAR's documents off."""

import asyncio

from services.ingest.kamar.retention import retention_rules
from services.ingest.kamar.task import DocumentTask
from services.ingest.settings import SCHEMA, IngestSettings
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts


async def run_worker(settings: IngestSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    codes = CodeTable.load(settings.attendance_codes)
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        documents = DocumentTask(parts.engine, parts.publisher, settings, clock, codes)
        loops = {
            "relay": parts.relay(),
            "work": parts.work([documents], concurrency=settings.kamar_concurrency),
            "retention": parts.retention(retention_rules(settings.kamar_payload_kept), dead_letters=False),
            "bells": parts.bells(),
        }
        await supervise(loops, stop)
