"""The door's worker: carries schools and students to the bus, works KAMAR's documents off, takes in effects of proposed changes, erases."""

import asyncio
from datetime import timedelta
from typing import Final

from services.ingest.changes import repository as proposals
from services.ingest.changes.handler import EffectsHandler
from services.ingest.erasures.beginning import ROOMS
from services.ingest.erasures.list_file import ErasureList
from services.ingest.kamar.repository import held
from services.ingest.kamar.retention import retention_rules as kamar_kept
from services.ingest.kamar.task import DocumentTask
from services.ingest.settings import SCHEMA, IngestSettings
from services.ingest.students.erasing import take_off
from services.ingest.students.repository import identities
from services.ingest.students.retention import retention_rules as students_kept
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events import topics
from shared.retention import Rule
from shared.supervisor import Loop, supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts

HELD_KEPT_FOR: Final = timedelta(days=366)
"""Decisions about held changes: a school year, so that somebody can be asked about them."""

QUESTIONS_KEPT_FOR: Final = timedelta(days=366)
"""Questions about who is who: a school year, and no longer, as they hold the entry of a child who has left."""

PROPOSALS_KEPT_FOR: Final = timedelta(days=1)


def kept(settings: IngestSettings) -> tuple[Rule, ...]:
    """How long this service keeps what, beside the rules that all services share."""
    return (
        *students_kept(),
        *kamar_kept(settings.kamar_payload_kept),
        Rule("identity-questions", QUESTIONS_KEPT_FOR, identities.forget_before, tables=("identity_questions",)),
        Rule("held-changes", HELD_KEPT_FOR, held.forget_settled_before, tables=("held_changes",)),
        Rule("proposals", PROPOSALS_KEPT_FOR, proposals.forget_before, tables=("proposals",)),
    )


async def run_worker(settings: IngestSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    codes = CodeTable.load(settings.attendance_codes)
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        documents = DocumentTask(parts.engine, parts.publisher, settings, clock, codes)
        erasures = ErasuresHandler(DeadLetterBox(SCHEMA), clock, rooms=(*ROOMS, take_off))
        loops: dict[str, Loop] = {
            "erasures": parts.consume("erasures", [topics.ERASURES], erasures),
            "relay": parts.relay(),
            "work": parts.work([documents], concurrency=settings.kamar_concurrency),
            "effects": parts.consume("effects", [topics.EFFECTS], EffectsHandler(DeadLetterBox(SCHEMA), clock)),
            "retention": parts.retention(kept(settings)),
            "bells": parts.bells(),
            "clock": parts.clock_watch(),
        }
        if settings.bus == "embedded":
            # A line is let go of by its age, and would be missing after the next restore: so by a time that is believed.
            erasure_list = ErasureList(parts.engine, settings.data, lambda: parts.watch.as_believed(clock()))
            keeping = parts.progress.loop(f"{SCHEMA}.erasure-list")
            loops["erasure-list"] = lambda stop: erasure_list.run(stop, keeping)
        await supervise(loops, stop)
