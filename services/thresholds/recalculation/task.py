"""Folding a school's rows again in the background, chunk by chunk, while marks flow."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.recalculation.repository import recalculations
from services.thresholds.recalculation.repository.recalculations import Cause
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.enrolments import of_rows
from shared.attendance.calendar import SchoolCalendar
from shared.clock import Clock, utc_now
from shared.identifiers import NAMESPACE
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

log = structlog.get_logger()

KIND: Final = "recalculation"
CHUNK: Final = 500
"""Rows of one transaction: some tens of milliseconds, so that a school's marks never wait long for its lock."""


async def request_recalculation(
    connection: AsyncConnection, school: str, terms: list[str], *, cause: Cause, version: datetime, now: datetime
) -> None:
    """Begins a recalculation with the caller's transaction. One for each school, cause and version: asking twice does no harm."""
    recalculation = uuid.uuid5(NAMESPACE, f"recalculation/{school}/{cause}/{version.isoformat()}")
    await recalculations.start(connection, recalculation, school=school, cause=cause, terms=terms, now=now)
    await worklist.add(connection, KIND, recalculation, now, now)


@dataclass(frozen=True)
class RecalculationTask:
    """Folds the rows of one recalculation again. Killed at any point, it goes on behind the last chunk it committed."""

    engine: AsyncEngine
    folder: Folder
    calendars: CalendarCache
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=1), timedelta(minutes=1), most_attempts=None)
    lease: ClassVar = timedelta(minutes=10)

    async def perform(self, item: WorkItem) -> Outcome:
        """Goes through the rows until there are none left, or a newer recalculation has taken over."""
        while await self._chunk(item.id):
            pass
        return Done()

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Marks it as finished."""
        if isinstance(outcome, Done):
            await recalculations.finish(connection, item.id, self.clock())

    async def _chunk(self, recalculation_id: uuid.UUID) -> bool:
        async with self.engine.begin() as connection:
            recalculation = await recalculations.get(connection, recalculation_id)
            if recalculation is None:
                return False
            school = recalculation.school
            calendar = (await self.calendars.lock(connection, [school]))[school]
            # Read again under the school's lock: a newer one may have taken over while this one waited for it.
            recalculation = await recalculations.get(connection, recalculation_id)
            if recalculation is None or not recalculation.goes_on:
                return False
            chunk = await recalculations.next_rows(connection, recalculation, CHUNK)
            if not chunk:
                return False
            folded = await self._fold(connection, chunk, calendar)
            facts = await apply(connection, folded, self.folder.codes, self.clock())
            last = max(chunk, key=lambda key: (key.term, key.student))
            await recalculations.advance(connection, recalculation_id, last, rows=len(chunk), crossings=len(facts))
        log.info("recalculation.went_on", school=school, rows=len(chunk), crossings=len(facts))
        return len(chunk) == CHUNK

    async def _fold(self, connection: AsyncConnection, chunk: dict[RowKey, Row], calendar: SchoolCalendar) -> list[FoldedRow]:
        now = self.clock()
        strays = _strays(chunk, calendar)
        others = await rows.load(connection, strays.keys() - chunk.keys())
        own = await of_rows(connection, chunk.keys() | strays.keys(), {key.school: calendar for key in chunk})
        folded: list[FoldedRow] = []
        for key in sorted(chunk.keys() | strays.keys()):
            before = chunk.get(key) or others.get(key)
            if key not in own:
                # The school no longer has this term, and sent no other in its place: the row stays as it is.
                continue
            marks = packed_row.merge(before.marks if before else b"", strays.get(key, ()))
            of_student, term = own[key]
            folded.append(FoldedRow(key, before, marks, self.folder.absences(marks, term, of_student, now), of_student))
        return folded


def _strays(chunk: dict[RowKey, Row], calendar: SchoolCalendar) -> dict[RowKey, list[bytes]]:
    """Marks of days that lie in another term now, by the row that they belong to. They stay where they were, too: there they count
    nothing, and should the day come back, the later word wins as ever."""
    strays: dict[RowKey, list[bytes]] = {}
    for key, row in chunk.items():
        term = calendar.term_named(key.term)
        first, last = packed_row.days_of(row.marks)
        if term is not None and first is not None and last is not None and first in term and last in term:
            continue
        for entry in packed_row.entries(row.marks):
            belongs = calendar.term_on(packed_row.date_of(packed_row.day_of(entry)))
            if belongs is not None and belongs.name != key.term:
                strays.setdefault(RowKey(key.school, belongs.name, key.student), []).append(entry)
    return strays
