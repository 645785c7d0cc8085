"""An erasure begins at the door: its own copies go at once, and the event tells every service; a list beside the database outlives it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.erasures.list_file import FILE, ErasureList
from shared.db.engine import create_engine
from shared.identifiers import student_id
from tests.integration.ingest.conftest import NOW, Door

PATH = "/v1/schools/0999/students/12345/erasure"
STUDENT: dict[str, Any] = {
    "student": "12345",
    "given_name": "Hemi",
    "family_name": "Example",
    "caregivers": [{"name": "Mere Example", "email": "mere@example.test"}],
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "ingest", pool_size=2)
    yield engine
    await engine.dispose()


async def enrol(door: Door, **changes: Any) -> None:
    answer = await door.send("PUT", "/v1/schools/0999/students", json={"students": [STUDENT | changes]})
    assert answer.json()["accepted"] == 1, answer.text


async def erase(door: Door, why: str = "the family asked") -> Any:
    answer = await door.send("POST", PATH, json={"why": why})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_the_door_forgets_at_once_and_tells_the_others(door: Door, database: asyncpg.Connection) -> None:
    await enrol(door)
    begun = await erase(door)
    # Never before the newest version that was published.
    assert begun["erased_at"] > NOW.isoformat()
    assert await database.fetchval("SELECT count(*) FROM ingest.students") == 0
    # What was not published yet will not be.
    assert await database.fetchval("SELECT count(*) FROM ingest.outbox WHERE topic = 'star.students.v1'") == 0

    (event,) = await door.relayed("star.erasures.v1")
    who = str(student_id("0999", "12345"))
    assert event.key == who.encode()
    assert json.loads(event.value or b"") == {
        "school": "0999",
        "student": "12345",
        "student_id": who,
        "erased_at": begun["erased_at"].replace("+00:00", "Z"),
    }


async def test_the_last_word_on_the_topic_is_a_tombstone_and_the_tally_is_kept(door: Door) -> None:
    await enrol(door)
    await door.relayed()
    await erase(door)
    messages = await door.relayed()
    while (await door.send("GET", PATH)).json()["applied_at"] is None or messages[-1:] == []:
        messages += await door.relayed()
    messages += await door.relayed()
    assert messages[-1].value is None
    told = (await door.send("GET", PATH)).json()
    assert (told["removed"], told["kept"]) == ({"students": 1}, {})


async def test_a_reason_names_nobody(door: Door) -> None:
    await enrol(door)
    answer = await door.send("POST", PATH, json={"why": "Mere asked for it"})
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "names-somebody")
    assert "Mere" not in answer.text
    assert (await door.send("GET", PATH)).status_code == 404


async def test_a_school_that_nobody_knows_and_a_key_that_is_none(door: Door) -> None:
    for school, student in (("0189", "12345"), ("0999", "%20")):
        token = door.token(schools="*")
        answer = await door.send("POST", f"/v1/schools/{school}/students/{student}/erasure", json={"why": "tried"}, token=token)
        assert answer.status_code == 404


async def test_a_restored_database_learns_of_newer_erasures_from_the_file(
    door: Door, engine: AsyncEngine, database: asyncpg.Connection
) -> None:
    kept = ErasureList(engine, door.data, lambda: NOW)
    await enrol(door)
    begun = await erase(door)
    assert await kept.run_once() == 1
    assert "Hemi" not in (door.data / FILE).read_text()
    assert (door.data / FILE).stat().st_mode & 0o077 == 0
    assert await kept.run_once() == 0

    # As a dump from before has it.
    await database.execute("DELETE FROM ingest.erasures; DELETE FROM ingest.outbox")
    await database.execute(
        """
        INSERT INTO ingest.students (school, student, document) SELECT '0999', '12345', jsonb_build_object('school', '0999',
            'student', '12345', 'student_id', $1::text, 'given_name', 'Hemi', 'family_name', 'Example', 'updated_at', $2::text)
        """,
        str(student_id("0999", "12345")),
        NOW.isoformat(),
    )
    assert await kept.run_once() == 1
    assert await database.fetchval("SELECT count(*) FROM ingest.students") == 0
    assert await database.fetchval("SELECT array_agg(DISTINCT topic) FROM ingest.outbox") == ["star.erasures.v1"]
    assert (await door.send("GET", PATH)).json()["erased_at"] == begun["erased_at"]
    assert await kept.run_once() == 0


async def test_the_file_ends_with_the_law(door: Door, engine: AsyncEngine) -> None:
    await erase(door)
    await ErasureList(engine, door.data, lambda: NOW).run_once()
    later = NOW + timedelta(days=2600)
    assert await ErasureList(engine, door.data, lambda: later).run_once() == 0
