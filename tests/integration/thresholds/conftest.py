"""The heart's handlers on a real database, fed with events as they come from the bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.recalculation.task import RecalculationTask
from services.thresholds.register.folding import Folder
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.worker import roster_handler
from shared.attendance.codes import CodeTable
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message, Outgoing, Partition
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import MARKS_RECORDED, SCHOOL_UPDATED, EventType
from shared.events.data import Mark, MarksRecorded, SchoolUpdated, TermDates
from shared.events.envelope import Event, decode, new_event_id
from shared.worklist.runner import Runner
from tests.support.applied import Applied

FIRST_DAY = date(2026, 10, 12)
LABOUR_DAY = date(2026, 10, 26)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@dataclass
class Heart:
    """Feeds events to the handlers and reads what they wrote."""

    engine: AsyncEngine
    marks_handler: Applied
    roster_handler: Applied
    worklist: Runner
    now: datetime = NOW
    offsets: dict[str, int] = field(default_factory=dict)

    def message(self, outgoing: Outgoing) -> Message:
        offset = self.offsets[outgoing.topic] = self.offsets.get(outgoing.topic, -1) + 1
        return Message(outgoing.topic, 0, offset, outgoing.key, outgoing.value, outgoing.headers)

    def event(self, event_type: EventType, key: str, data: Any) -> Message:
        return self.message(Event(event_type, new_event_id(), "/test", self.now, key, data).encode())

    async def school(self, number: str = "0999", **changes: Any) -> None:
        fields: dict[str, Any] = {
            "school": number,
            "name": "Example School",
            "terms": [TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))],
            "updated_at": self.now,
        }
        await self.roster_handler([self.event(SCHOOL_UPDATED, number, SchoolUpdated(**(fields | changes)))])
        while await self.worklist.run_once():
            pass

    def roll(self, marks: list[Mark], school: str = "0999") -> Message:
        return self.event(MARKS_RECORDED, school, MarksRecorded(school, "test", self.now, marks))

    async def post(self, marks: list[Mark], school: str = "0999") -> dict[Partition, int]:
        return dict(await self.marks_handler([self.roll(marks, school)]))

    async def unfinished(self) -> None:
        """The database as `star migrate` leaves one that the last release has used: rows are written in its form."""
        async with self.engine.begin() as connection:
            await connection.execute(text("DELETE FROM finished_steps"))
        # Connections remember that a step is finished.
        await self.engine.dispose()

    async def rows(self, sql: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(sql))).all())

    async def said(self) -> list[tuple[str, int, int]]:
        """The crossings in the outbox, in order: (direction, threshold, sequence)."""
        found = []
        for row in await self.rows("SELECT topic, key, value, headers FROM outbox WHERE topic = 'star.crossings.v1' ORDER BY id"):
            event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
            assert isinstance(event, Event)
            data: Any = event.data
            found.append((data.direction, data.threshold, data.sequence))
        return found


def absences(count: int, *, student: str = "1", code: str | None = "M", recorded_at: datetime = NOW, first: int = 0) -> list[Mark]:
    """Marks for `count` half days in a row, from the first day of the term on."""
    marks = []
    day = FIRST_DAY
    half_days = []
    while len(half_days) < first + count:
        if day.weekday() < 5 and day != LABOUR_DAY:
            half_days += [(day, "AM"), (day, "PM")]
        day += timedelta(days=1)
    for when, session in half_days[first : first + count]:
        half: Any = session
        marks.append(Mark(student=student, date=when, recorded_at=recorded_at, session=half, code=code))
    return marks


@pytest.fixture
async def heart(database_url: str) -> AsyncIterator[Heart]:
    engine = create_engine(database_url, "thresholds", pool_size=5)
    folder = Folder(CodeTable.load())
    box = DeadLetterBox("thresholds")
    yield Heart(
        engine,
        Applied(engine, MarksHandler(box, lambda: NOW, folder=folder, school_wait=timedelta(seconds=30))),
        Applied(engine, roster_handler(box, lambda: NOW, folder)),
        Runner("thresholds", engine, [RecalculationTask(engine, folder, CalendarCache(), lambda: NOW)], Wakeup(), clock=lambda: NOW),
    )
    await engine.dispose()
