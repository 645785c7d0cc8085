"""Nothing of an erased student comes back: late messages, dead letters, and the restore drill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.erasures.beginning import begin
from services.ingest.erasures.list_file import FILE
from services.ingest.settings import IngestSettings
from services.ingest.students.keeping import keep
from services.ingest.students.schemas import StudentIn
from services.ingest.worker import run_worker as run_ingest
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.contacts.handler import RosterHandler
from services.notifier.settings import NotifierSettings
from services.notifier.worker import ROOMS
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.factory import create_bus
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.deadletters import repository as dead_letters
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.erasures.handler import ErasuresHandler
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_ERASED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentErased, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id
from shared.settings import Settings
from tests.integration.shared.conftest import Sql
from tests.integration.shared.test_restore import kafka_broker, scene
from tests.support.absences import FIRST_DAY, NOW, SCHEMAS, Scene
from tests.support.applied import Applied
from tests.support.dumps import dump, restore
from tests.support.polling import eventually

__all__ = ["kafka_broker", "scene"]

WHO = student_id("0999", "12345")
BOX = DeadLetterBox("notifier")


def student(name: str, at: timedelta = timedelta(0), school: str = "0999", key: str = "12345") -> StudentUpdated:
    return StudentUpdated(
        school=school,
        student=key,
        student_id=student_id(school, key),
        given_name=name,
        family_name="Example",
        nsn="77",
        caregivers=[Caregiver(name=f"Parent of {name}", email="mere@example.test")],
        updated_at=NOW + at,
    )


def erasure(at: timedelta = timedelta(0), school: str = "0999", key: str = "12345") -> StudentErased:
    return StudentErased(school=school, student=key, student_id=student_id(school, key), erased_at=NOW + at)


def message(offset: int, data: StudentUpdated | StudentErased | None) -> Message:
    if data is None:
        return Message("star.students.v1", 0, offset, str(WHO).encode(), None)
    kind = STUDENT_UPDATED if isinstance(data, StudentUpdated) else STUDENT_ERASED
    sent = Event(kind, new_event_id(), "/ingest", NOW, str(data.student_id), data).encode()
    return Message(sent.topic, 0, offset, sent.key, sent.value, sent.headers)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "notifier", pool_size=2)
    yield engine
    await engine.dispose()


async def names(sql: Sql) -> list[str]:
    return [row[0] for row in await sql("SELECT given_name FROM notifier.contacts")]


async def test_a_late_message_of_an_erased_student_is_passed_over_and_a_new_one_is_not(engine: AsyncEngine, sql: Sql) -> None:
    roster = Applied(engine, RosterHandler(BOX, lambda: NOW, followers=[]))
    erasures = Applied(engine, ErasuresHandler(BOX, lambda: NOW, rooms=ROOMS))
    await roster([message(0, student("Hemi"))])
    await erasures([message(0, erasure(timedelta(seconds=1)))])
    assert await names(sql) == []
    # Redriven, say, after the tombstone.
    await roster([message(1, None), message(2, student("Hemi"))])
    assert await names(sql) == []
    await roster([message(3, student("Anahera", timedelta(seconds=2)))])
    # Read again after a restore: the student who was sent since stays.
    await erasures([message(0, erasure(timedelta(seconds=1)))])
    assert await names(sql) == ["Anahera"]
    (row,) = await sql("SELECT removed FROM notifier.erasures")
    assert row["removed"] == '{"contacts": 1}'


async def test_an_erasure_with_an_id_that_is_not_the_students_is_refused(engine: AsyncEngine, sql: Sql) -> None:
    wrong = StudentErased(school="0999", student="12345", student_id=student_id("0189", "1"), erased_at=NOW)
    await Applied(engine, ErasuresHandler(BOX, lambda: NOW, rooms=ROOMS))([message(0, wrong)])
    assert [row["reason"] for row in await sql("SELECT reason FROM notifier.dead_letters")] == ["wrong-type"]


async def test_a_tombstone_takes_the_dead_letters_of_its_key_along(engine: AsyncEngine, sql: Sql) -> None:
    async with engine.begin() as connection:
        for offset, key in ((1, str(WHO).encode()), (2, b"another"), (9, str(WHO).encode())):
            letter = DeadLetter(Message("star.students.v1", 0, offset, key, b"Hemi"), "bad-data", "tried", "0999")
            assert await dead_letters.insert(connection, letter, NOW)
    broken = Message("star.students.v1", 0, 4, str(WHO).encode(), b"Hemi", (("ce_type", b"nonsense"),))
    await Applied(engine, RosterHandler(BOX, lambda: NOW, followers=[]))([broken, message(5, None)])
    assert [row[0] for row in await sql('SELECT "offset" FROM notifier.dead_letters ORDER BY 1')] == [2, 9]
    settled = await sql("SELECT count(*) FROM notifier.outbox WHERE topic = 'star.dead-letters.v1'")
    assert settled[0][0] == 1


@pytest.mark.parametrize(
    "value",
    [
        b'{"school": "0999", "student": "12345", "given_name": "Hemi"}',
        b'{"student_id": "' + str(WHO).encode() + b'", "given_name": "Hemi"',
        b'"12345" and no JSON, Hemi',
    ],
)
async def test_a_dead_letter_is_known_by_what_it_says(engine: AsyncEngine, sql: Sql, value: bytes) -> None:
    async with engine.begin() as connection:
        for offset, content in ((1, value), (2, b'{"school": "0999", "student": "123456"}')):
            letter = DeadLetter(Message("star.students.v1", 0, offset, b"?", content), "bad-id", "tried", "0999")
            await dead_letters.insert(connection, letter, NOW)
    await Applied(engine, ErasuresHandler(BOX, lambda: NOW, rooms=ROOMS))([message(0, erasure())])
    assert [row[0] for row in await sql('SELECT "offset" FROM notifier.dead_letters')] == [2]


async def test_a_restored_database_erases_again(scene: Scene, tmp_path: Path) -> None:
    """The dump is from before the erasure, the bus is ahead."""
    terms = [TermDates("2026-T4", FIRST_DAY, NOW.date() + timedelta(days=28))]
    await scene.say(SCHOOL_UPDATED, scene.school, SchoolUpdated(school=scene.school, name="Example", terms=terms, updated_at=NOW))
    who = student_id(scene.school, "12345")
    file = tmp_path / "backup"

    async def known() -> list[int]:
        statement = "SELECT (SELECT count(*) FROM {}.students WHERE school = $1)"
        counts = [(await scene.sql(statement.format("thresholds"), scene.school))[0][0]]
        return [*counts, (await scene.sql("SELECT count(*) FROM notifier.contacts WHERE school = $1", scene.school))[0][0]]

    async def applied() -> list[int]:
        statement = "SELECT count(*) FROM {}.erasures WHERE school = $1"
        return [(await scene.sql(statement.format(schema), scene.school))[0][0] for schema in SCHEMAS]

    async with scene.workers():
        await scene.say(STUDENT_UPDATED, str(who), student("Hemi", school=scene.school))
        await eventually(known, [1, 1])
        await dump(scene.settings["database_url"], SCHEMAS, file)
        await scene.say(STUDENT_ERASED, str(who), erasure(school=scene.school))
        await eventually(applied, [1, 1, 1])
        assert await known() == [0, 0]

    await restore(scene.settings["database_url"], SCHEMAS, file)
    assert (await known(), await applied()) == ([1, 1], [0, 0, 0])

    async with scene.workers():
        await eventually(applied, [1, 1, 1])
        assert await known() == [0, 0]


async def test_a_single_machine_that_is_restored_whole_erases_again(database_url: str, sql: Sql, tmp_path: Path) -> None:
    """The bus is in the dump, too, and knows of no newer erasure: the file beside the database does."""
    settings: dict[str, Any] = {"data": tmp_path, "database_url": database_url}
    bus = create_bus(Settings(**settings))
    await bus.ensure_topics()
    await bus.close()
    schemas = ("bus", "ingest", *SCHEMAS)
    school = SchoolNumber("0999")
    door = create_engine(database_url, "ingest", pool_size=2)

    @asynccontextmanager
    async def workers() -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = [
            asyncio.create_task(run_ingest(IngestSettings(**settings), stop, clock=lambda: NOW)),
            asyncio.create_task(run_thresholds(ThresholdsSettings(**settings), stop, clock=lambda: NOW)),
            asyncio.create_task(run_notifier(NotifierSettings(**settings, smtp_url="smtp://127.0.0.1:1"), stop, clock=lambda: NOW)),
            asyncio.create_task(run_moe_sync(MoeSyncSettings(**settings, ministry_url="http://127.0.0.1:1"), stop, clock=lambda: NOW)),
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*running)

    async def known() -> list[int]:
        places = ("ingest.students", "thresholds.students", "notifier.contacts")
        return [(await sql(f"SELECT count(*) FROM {place}"))[0][0] for place in places]

    async def applied() -> list[int]:
        return [(await sql(f"SELECT count(*) FROM {schema}.erasures WHERE applied_at IS NOT NULL"))[0][0] for schema in schemas[1:]]

    document = '{"school": "0999", "name": "Example Kura", "terms": []}'
    await sql("INSERT INTO ingest.schools (school, document, updated_at) VALUES ('0999', $1, $2)", document, NOW)
    async with workers():
        async with door.begin() as connection:
            sent = StudentIn(student="12345", given_name="Hemi", family_name="Example")
            await keep(connection, school, [sent], lambda: NOW)
        await eventually(known, [1, 1, 1])
        await dump(database_url, schemas, tmp_path / "backup")
        async with door.begin() as connection:
            await begin(connection, school, "12345", "the family asked", NOW)
        await eventually(applied, [1] * 4)
        await eventually(lambda: asyncio.to_thread((tmp_path / FILE).exists), True)
        assert await known() == [0, 0, 0]

    await restore(database_url, schemas, tmp_path / "backup")
    assert (await known(), await applied()) == ([1, 1, 1], [0] * 4)
    async with workers():
        await eventually(applied, [1] * 4)
        await eventually(known, [0, 0, 0])
    await door.dispose()
