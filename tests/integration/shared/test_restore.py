"""The restore drill: the database goes back to a backup, the bus is ahead, and every group finds its way to the same totals by itself."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.factory import create_bus
from shared.bus.interface import Publisher
from shared.events.catalogue import MARKS_RECORDED, SCHOOL_UPDATED, STUDENT_UPDATED, EventType
from shared.events.data import Mark, MarksRecorded, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.identifiers import student_id
from shared.settings import Settings
from tests.integration.shared.conftest import Sql
from tests.support.dumps import dump, restore
from tests.support.kafka import kafka_broker
from tests.support.polling import eventually

__all__ = ["kafka_broker"]

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SCHEMAS = ("thresholds", "notifier", "moe_sync")
STUDENTS = [str(number) for number in range(100, 112)]
FIRST_DAY = date(2026, 10, 12)
SENDS_NUMBERS = "INSERT INTO moe_sync.preferences (school, nsn, updated_at, updated_by) VALUES ($1, true, now(), 'test')"


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

    async def gaps(self) -> list[tuple[str, int]]:
        return [(schema, (await self.sql(f"SELECT count(*) FROM {schema}.offset_gaps"))[0][0]) for schema in SCHEMAS]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def scene(request: pytest.FixtureRequest, database_url: str, sql: Sql, tmp_path: Path) -> AsyncIterator[Scene]:
    bus_name: Literal["embedded", "kafka"] = request.param
    settings: dict[str, Any] = {"data": tmp_path, "database_url": database_url, "bus": bus_name, "kafka_partitions": 2}
    if bus_name == "kafka":
        settings["kafka_bootstrap"] = request.getfixturevalue("kafka_broker").bootstrap
    bus = create_bus(Settings(**settings))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    yield Scene(f"{random.Random().randrange(1_000, 9_000)}", settings, publisher, sql)
    await publisher.stop()
    await bus.close()


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


async def test_a_restored_database_finds_its_way_to_the_same_totals(scene: Scene, tmp_path: Path) -> None:
    school = SchoolUpdated(
        school=scene.school, name="Example School", terms=[TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))], updated_at=NOW
    )
    file = tmp_path / "backup"
    await scene.say(SCHOOL_UPDATED, scene.school, school)
    async with scene.workers():
        await scene.absences(0, 4)
        await eventually(scene.totals, expected(4, known=False))
        await scene.sql(SENDS_NUMBERS, scene.school)
        await dump(scene.settings["database_url"], SCHEMAS, file)

        for student in STUDENTS:
            identity = student_id(scene.school, student)
            data = StudentUpdated(
                school=scene.school, student=student, student_id=identity, given_name="A", family_name="B", nsn=student, updated_at=NOW
            )
            await scene.say(STUDENT_UPDATED, str(identity), data)
        await scene.absences(4, 11)
        await eventually(scene.totals, expected(15, known=True))

    await restore(scene.settings["database_url"], SCHEMAS, file)
    assert await scene.totals() == expected(4, known=False)

    async with scene.workers():
        await eventually(scene.totals, expected(15, known=True))
    assert await scene.gaps() == [(schema, 0) for schema in SCHEMAS]
    # The bus knew of more than the dump: letters that may have left meanwhile wait for a person.
    found = await scene.sql("SELECT DISTINCT topic FROM notifier.restores WHERE consumer_group = 'notifier.crossings'")
    assert [row["topic"] for row in found] == ["star.crossings.v1"]
