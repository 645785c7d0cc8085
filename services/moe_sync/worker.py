"""The upload's worker: schools and STAR records into our copies, windows closed when it is time, uploads sent until they are answered."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from services.moe_sync.adapters.opening import open_adapters
from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.roster.erasing import erase as erase_roster
from services.moe_sync.roster.handler import StudentsHandler
from services.moe_sync.roster.students import StudentsReader
from services.moe_sync.settings import SCHEMA, MoeSyncSettings
from services.moe_sync.uploads.csv_set import archive_of
from services.moe_sync.uploads.erasing import erase as erase_uploads
from services.moe_sync.uploads.retention import retention_rules
from services.moe_sync.uploads.task import LEASE_MARGIN, UploadTask
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.leader import SCHEDULE, Leader
from services.moe_sync.windows.repository import forget_done_before
from services.moe_sync.windows.scheduling import Scheduler
from services.moe_sync.windows.task import WindowTask
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.erasures.erasure import Erase
from shared.erasures.handler import ErasuresHandler
from shared.events import topics
from shared.places import Places
from shared.retention import Rule
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts

ROOMS: Final[tuple[Erase, ...]] = (erase_roster, erase_uploads)
"""The rooms of this service that hold personal data."""


def kept(settings: MoeSyncSettings) -> tuple[Rule, ...]:
    """How long this service keeps what, beside the rules that all services share."""
    windows = Rule("windows", settings.upload_retention, forget_done_before, tables=("windows",), setting="upload_retention")
    return (*retention_rules(settings.upload_retention), windows)


async def run_worker(
    settings: MoeSyncSettings,
    stop: asyncio.Event,
    *,
    progress: Progress | None = None,
    clock: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Works until `stop` is set."""
    progress = progress or Progress()
    async with worker_parts(SCHEMA, settings, progress, clock, monotonic) as parts, open_adapters(settings, archive_of, clock) as adapters:
        box = DeadLetterBox(SCHEMA)
        scheduler = Scheduler(settings.closing, settings.event_lag)
        lease = settings.upload_timeout + LEASE_MARGIN
        upload_task = UploadTask(
            parts.engine,
            adapters,
            settings.default_adapter,
            lease=lease,
            clock=clock,
            places=Places(settings.upload_concurrency, monotonic=monotonic),
            monotonic=monotonic,
        )
        leader = Leader(
            parts.engine,
            parts.lease(SCHEDULE),
            WindowTask(parts.engine, scheduler, clock),
            settings.adapters,
            settings.default_adapter,
            clock=clock,
            doubts=parts.watch.in_doubt,
            monotonic=monotonic,
        )
        students = StudentsReader(parts, StudentsHandler(box, clock))
        leading, reading = progress.loop(f"{SCHEMA}.leader"), progress.loop(f"{SCHEMA}.students")
        loops = {
            "schools": parts.consume("schools", [topics.SCHOOLS], SchoolsHandler(box, clock, scheduler=scheduler), by_clock=True),
            "records": parts.consume("records", [topics.CROSSINGS, topics.RESPONSES], RecordsHandler(box, clock)),
            "students": lambda stop: students.run(stop, reading),
            "erasures": parts.consume("erasures", [topics.ERASURES], ErasuresHandler(box, clock, rooms=ROOMS)),
            "leader": lambda stop: leader.run(stop, leading),
            "work": parts.work([upload_task], concurrency=settings.upload_concurrency),
            "relay": parts.relay(),
            "retention": parts.retention(kept(settings), history=[upload_task.kind]),
            # They sleep until something is due: what makes work due sooner, or chooses another way, wakes them too.
            "bells": parts.bells(leader.bell, students.bell),
            "clock": parts.clock_watch(),
        }
        await supervise(loops, stop)
