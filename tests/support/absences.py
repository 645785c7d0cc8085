"""A school whose students are absent together, said straight to the bus, and three services' workers that make something of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import asyncpg

from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.factory import open_bus
from shared.bus.interface import Publisher
from shared.events.catalogue import MARKS_RECORDED, SCHOOL_UPDATED, EventType
from shared.events.data import Mark, MarksRecorded, SchoolUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.settings import Settings

Sql = Callable[..., Awaitable[list[asyncpg.Record]]]

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SCHEMAS = ("thresholds", "notifier", "moe_sync")
STUDENTS = [str(number) for number in range(100, 112)]
FIRST_DAY = date(2026, 10, 12)


@dataclass
class Scene:
    """A school, what is said of it, and what the services have made of it."""

    school: str
    settings: dict[str, Any]
    publisher: Publisher
    sql: Sql

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = [
            asyncio.create_task(run_thresholds(ThresholdsSettings(**self.settings), stop, clock=lambda: NOW)),
            asyncio.create_task(run_notifier(NotifierSettings(**self.settings, smtp_url="smtp://127.0.0.1:1"), stop, clock=lambda: NOW)),
            asyncio.create_task(run_moe_sync(MoeSyncSettings(**self.settings, ministry_url="http://127.0.0.1:1"), stop, clock=lambda: NOW)),
        ]
        try:
            yield
        finally:
            stop.set()
            for ended in await asyncio.gather(*running, return_exceptions=True):
                assert ended is None, ended

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: dict[str, Any], sql: Sql, school: str | None = None) -> AsyncIterator[Self]:
        """A school, by default a new one, on the bus that the settings name, whose topics are there."""
        async with open_bus(Settings(**settings)) as (bus, publisher):
            await bus.ensure_topics()
            yield cls(school or f"{random.Random().randrange(1_000, 9_000)}", settings, publisher, sql)

    async def open_school(self) -> None:
        """The school says when its term is."""
        terms = [TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))]
        await self.say(SCHOOL_UPDATED, self.school, SchoolUpdated(school=self.school, name="Example School", terms=terms, updated_at=NOW))

    async def say(self, kind: EventType, key: str, *events: Any) -> None:
        await self.publisher.publish([Event(kind, new_event_id(), "/ingest", NOW, key, data).encode() for data in events])

    async def absences(self, first: int, count: int) -> None:
        """Each student is absent on so many half days in a row."""
        days = [FIRST_DAY + timedelta(days=day) for day in range(60)]
        places = [(day, session) for day in days if day.weekday() < 5 and day != date(2026, 10, 26) for session in ("AM", "PM")]
        for day, session in places[first : first + count]:
            half: Any = session
            marks = [Mark(student=student, date=day, recorded_at=NOW, session=half, code="M") for student in STUDENTS]
            await self.say(MARKS_RECORDED, self.school, MarksRecorded(self.school, "test", NOW, marks))

    async def totals(self) -> dict[str, Sequence[tuple[Any, ...]]]:
        """All that three services know, in order."""
        asked = {
            "register": "SELECT student, absent_half_days FROM thresholds.register WHERE school = $1",
            "records": "SELECT student, threshold, status FROM thresholds.star_records WHERE school = $1",
            "cases": "SELECT student, tier FROM notifier.cases WHERE school = $1",
            "letters": "SELECT threshold, state FROM notifier.letters WHERE school = $1",
            "items": "SELECT kind, revision FROM moe_sync.items WHERE school = $1",
            "numbers": "SELECT nsn FROM moe_sync.nsns WHERE school = $1",
        }
        return {name: sorted(tuple(row) for row in await self.sql(statement, self.school)) for name, statement in asked.items()}

    async def gaps(self) -> dict[str, list[str]]:
        """The kinds of gaps on record, by schema; without those that have none."""
        found = {schema: await self.sql(f"SELECT DISTINCT kind FROM {schema}.offset_gaps ORDER BY 1") for schema in SCHEMAS}
        return {schema: [row["kind"] for row in rows] for schema, rows in found.items() if rows}


def expected(half_days: int, *, known: bool) -> dict[str, Sequence[tuple[Any, ...]]]:
    """The state of the services once every student was absent on so many half days, fewer than 20."""
    crossed = STUDENTS if half_days >= 10 else []
    return {
        "register": [(student, half_days) for student in STUDENTS],
        "records": [(student, 5, "open") for student in crossed],
        "cases": [(student, "yellow") for student in crossed],
        "letters": [(5, "held")] * len(crossed),
        "items": [("record", 1)] * len(crossed),
        "numbers": [(f"{int(student):010}",) for student in STUDENTS] if known else [],
    }
