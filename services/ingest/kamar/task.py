"""The work of processing a KAMAR document: from the stored bytes to marks, students and pastoral rows.

A document is worked on in slices: after some time an attempt writes down how far it has come and lets the next one go on. So the lease,
and with it the wait after a worker was killed, stays short however large the document is. A part read before is read again, but not
applied again; a batch published without being written down is published again, with the same ids and the same content.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ingest.changes.asking import Asking
from services.ingest.kamar.processing import AnotherSchoolError, OvertakenError, Processing, Slice
from services.ingest.kamar.receiving import ANOTHER_SCHOOL, DOCUMENT
from services.ingest.kamar.reporting import announce
from services.ingest.kamar.repository import documents
from services.ingest.schools import repository as schools
from services.ingest.settings import IngestSettings
from shared.attendance.codes import CodeTable
from shared.bus.interface import BusUnavailableError, Publisher
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(first=timedelta(seconds=5), longest=timedelta(hours=1), most_attempts=None)
LEASE_MARGIN: Final = timedelta(seconds=60)
"""By how much a lease is longer than a slice: room to read again what was done before, and for one batch on a slow bus."""


@dataclass(frozen=True, slots=True)
class _Processed(Done):
    processing: Processing | None = None


@dataclass(frozen=True, slots=True)
class _GivenUp(Failed):
    state: Literal["failed", "refused"] = "failed"
    processing: Processing | None = None


@dataclass(frozen=True, slots=True)
class _Stumbled(Retry):
    """A failure that may be ours: tried again, but not for ever."""


@dataclass
class DocumentTask:
    """Processes one document at a time for each school, in the order they came."""

    engine: AsyncEngine
    publisher: Publisher
    settings: IngestSettings
    clock: Clock = utc_now
    codes: CodeTable = field(default_factory=CodeTable.load)
    kind: str = DOCUMENT
    backoff: Backoff = BACKOFF

    @property
    def lease(self) -> timedelta:
        """The bound on one slice."""
        return self.settings.kamar_slice * 2 + LEASE_MARGIN

    async def perform(self, item: WorkItem) -> Outcome:
        """Works one slice off."""
        async with self.engine.connect() as connection:
            document = await documents.stored(connection, item.id)
            school = await schools.school(connection, document.school) if document is not None else None
        if document is None or school is None or document.state != "waiting":
            return Done("settled before")
        processing = Processing(self.engine, self.publisher, self.settings, self.codes, document, school.calendar(), self.clock)
        try:
            outcome = await processing.run()
        except AnotherSchoolError:
            processing.refusals.add(ANOTHER_SCHOOL, "the document is of another school than the credential")
            return _GivenUp(ANOTHER_SCHOOL, "refused", processing)
        except OvertakenError:
            return Retry("another worker goes on with it")
        except Exception as error:
            if isinstance(error, BusUnavailableError) or is_transient(error):
                raise
            log.exception("kamar.failed", document=str(item.id), school=document.school)
            failures = document.failures + 1
            if failures >= self.settings.kamar_attempts:
                return _GivenUp(f"{type(error).__name__}, {failures} times")
            return _Stumbled(type(error).__name__, self.backoff.after(failures))
        match outcome:
            case Slice.MORE:
                return Retry("goes on", timedelta())
            case Slice.BROKEN:
                return _GivenUp(processing.problem, "failed", processing)
        await processing.judge(Asking(self.engine, self.clock, self.settings.effect_wait))
        return _Processed(None, processing)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of the document, and puts the school's next one on the list."""
        now = self.clock()
        match outcome:
            case _Stumbled(detail=detail):
                await documents.failed_once(connection, item.id, detail)
                return
            case Retry():
                return
            case _Processed(processing=Processing() as processing):
                await processing.finish(connection)
                await documents.settle(connection, item.id, "done", now)
            case _GivenUp(detail=detail, state=state, processing=given_up):
                if given_up is not None:
                    await given_up.keep_refusals(connection)
                await documents.settle(connection, item.id, state, now, detail)
        document = await documents.stored(connection, item.id)
        if document is None:
            return
        if not (isinstance(outcome, Done) and outcome.detail):
            await announce(connection, document.id, document.school, document.refused, now)
            log.info("kamar.settled", document=str(item.id), school=document.school, state=document.state, counts=document.counts)
        await documents.lock_school(connection, document.school)
        waiting = await documents.first_waiting(connection, document.school)
        if waiting is not None:
            await worklist.add(connection, DOCUMENT, waiting, now, now)
