"""The door's worker: carries what was said of schools to the bus, and works KAMAR's documents off."""

import asyncio

from services.ingest.app import SCHEMA
from services.ingest.kamar.forgetting import ForgettingTask
from services.ingest.kamar.task import DocumentTask
from services.ingest.settings import IngestSettings
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist.tasks import Task


async def run_worker(settings: IngestSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    codes = CodeTable.load(settings.attendance_codes)
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        tasks: list[Task] = [
            DocumentTask(parts.engine, parts.publisher, settings, clock, codes),
            ForgettingTask(parts.engine, settings.kamar_payload_kept, clock),
        ]
        loops = {
            "relay": parts.relay(),
            "work": parts.work(tasks, concurrency=settings.kamar_concurrency),
            "retention": parts.retention(dead_letters=False),
            "bells": parts.bells(),
        }
        await supervise(loops, stop)
