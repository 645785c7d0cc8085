"""The heart's worker: marks into the register, schools and students into our copies, events out."""

import asyncio

from services.thresholds.app import SCHEMA
from services.thresholds.feed import archive
from services.thresholds.folding import Folder
from services.thresholds.handlers.marks import MarksHandler
from services.thresholds.handlers.roster import RosterHandler
from services.thresholds.settings import ThresholdsSettings
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events import topics
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts


async def run_worker(
    settings: ThresholdsSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now
) -> None:
    """Works until `stop` is set."""
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        folder = Folder(CodeTable.load())
        box = DeadLetterBox(SCHEMA)
        roster = RosterHandler(parts.engine, folder, box, clock)
        marks = MarksHandler(parts.engine, folder, box, settings.school_wait, clock)
        loops = {
            "roster": parts.consume("roster", [topics.SCHOOLS, topics.STUDENTS], roster),
            "marks": parts.consume("marks", [topics.MARKS], marks),
            "relay": parts.relay(archive),
            "bells": parts.bells(),
        }
        await supervise(loops, stop)
