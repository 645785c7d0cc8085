"""The upload's worker: schools and STAR records into our copies, windows built when they close, uploads sent until they are answered."""

import asyncio

from services.moe_sync.adapters.https import HttpsAdapter, https_client
from services.moe_sync.app import SCHEMA
from services.moe_sync.handlers import RecordsHandler, SchoolsHandler
from services.moe_sync.scheduling import Scheduler
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.tasks.uploads import LEASE_MARGIN, UploadTask
from services.moe_sync.tasks.windows import WindowTask
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events import topics
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist.tasks import Task


async def run_worker(settings: MoeSyncSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    async with (
        worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts,
        https_client(settings.upload_timeout) as client,
    ):
        box = DeadLetterBox(SCHEMA)
        scheduler = Scheduler(settings.closing, settings.event_lag)
        tasks: list[Task] = [WindowTask(parts.engine, scheduler, started_at=clock(), clock=clock)]
        if settings.ministry_url:
            # Without an address nothing is attempted: uploads wait, and go at the first start with one.
            adapter = HttpsAdapter(client, settings.ministry_url, settings.upload_timeout, clock)
            tasks.append(UploadTask(parts.engine, adapter, lease=settings.upload_timeout + LEASE_MARGIN, clock=clock))
        loops = {
            "schools": parts.consume("schools", [topics.SCHOOLS], SchoolsHandler(parts.engine, scheduler, box, clock)),
            "records": parts.consume("records", [topics.CROSSINGS, topics.RESPONSES], RecordsHandler(parts.engine, box, clock)),
            "work": parts.work(tasks, concurrency=settings.upload_concurrency),
            "relay": parts.relay(),
            "bells": parts.bells(),
        }
        await supervise(loops, stop)
