"""The upload's worker: schools and STAR records into our copies, windows closed when it is time, uploads sent until they are answered."""

import asyncio

from services.moe_sync.adapters.opening import open_adapters
from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.roster.handler import StudentsHandler
from services.moe_sync.roster.students import StudentsReader
from services.moe_sync.settings import SCHEMA, MoeSyncSettings
from services.moe_sync.uploads.csv_set import archive_of
from services.moe_sync.uploads.retention import retention_rules
from services.moe_sync.uploads.task import LEASE_MARGIN, UploadTask
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.leader import SCHEDULE, Leader
from services.moe_sync.windows.scheduling import Scheduler
from services.moe_sync.windows.task import WindowTask
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events import topics
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts


async def run_worker(settings: MoeSyncSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    progress = progress or Progress()
    async with worker_parts(SCHEMA, settings, progress, clock) as parts, open_adapters(settings, archive_of, clock) as adapters:
        box = DeadLetterBox(SCHEMA)
        scheduler = Scheduler(settings.closing, settings.event_lag)
        lease = settings.upload_timeout + LEASE_MARGIN
        upload_task = UploadTask(parts.engine, adapters, settings.default_adapter, lease=lease, clock=clock)
        leader = Leader(
            parts.engine,
            parts.lease(SCHEDULE),
            WindowTask(parts.engine, scheduler, clock),
            settings.adapters,
            settings.default_adapter,
            started_at=clock(),
            clock=clock,
        )
        students = StudentsReader(parts, StudentsHandler(box, clock))
        leading, reading = progress.loop(f"{SCHEMA}.leader"), progress.loop(f"{SCHEMA}.students")
        loops = {
            "schools": parts.consume("schools", [topics.SCHOOLS], SchoolsHandler(box, clock, scheduler=scheduler)),
            "records": parts.consume("records", [topics.CROSSINGS, topics.RESPONSES], RecordsHandler(box, clock)),
            "students": lambda stop: students.run(stop, reading),
            "leader": lambda stop: leader.run(stop, leading),
            "work": parts.work([upload_task], concurrency=settings.upload_concurrency),
            "relay": parts.relay(),
            "retention": parts.retention(retention_rules(settings.upload_retention), history=[upload_task.kind]),
            # They sleep until something is due: what makes work due sooner, or chooses another way, wakes them too.
            "bells": parts.bells(leader.bell, students.bell),
        }
        await supervise(loops, stop)
