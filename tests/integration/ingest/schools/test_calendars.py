"""The calendars in memory: changes reach every process without being asked for, and a database that is away is not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.ingest.app import create_app
from services.ingest.schools.calendars import Calendars
from services.ingest.settings import SCHEMA, IngestSettings
from shared.db.engine import create_engine
from tests.integration.ingest.conftest import MARK, NOW, SCHOOL, Door
from tests.support.polling import eventually
from tests.support.servers import serving

LATE = MARK | {"date": "2026-11-16", "recorded_at": "2026-11-16T09:05:00+13:00"}
UNTIL_NOVEMBER = SCHOOL | {"terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-11-13"}]}


@pytest.fixture
async def other_door(door: Door, database_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """Another process's door, which looks for changes by itself once a day."""
    settings = IngestSettings(data=tmp_path, database_url=database_url, calendars_for=timedelta(minutes=10))
    async with (
        serving(create_app(settings, clock=lambda: NOW)) as base_url,
        httpx.AsyncClient(base_url=base_url, timeout=30) as http,
    ):
        yield Door(http, door.bus, tmp_path, settings)


async def status(door: Door) -> int:
    return (await door.post(LATE)).status_code


async def test_a_school_sent_to_another_process_is_heard_of_at_once(judged: Door, other_door: Door) -> None:
    door = judged
    assert await status(other_door) == 202
    (await door.confirmed("/v1/schools/999", UNTIL_NOVEMBER)).raise_for_status()
    await eventually(lambda: status(other_door), 422, 5)
    (await door.send("PUT", "/v1/schools/999", json=SCHOOL)).raise_for_status()
    assert await status(other_door) == 202


@pytest.fixture
async def calendars(database_url: str) -> AsyncIterator[Calendars]:
    async with AsyncExitStack() as stack:
        engine = create_engine(database_url, SCHEMA, pool_size=2)
        stack.push_async_callback(engine.dispose)
        yield Calendars(engine, timedelta(0))


async def last_day(calendars: Calendars) -> str | None:
    calendar = await calendars.of("0999")
    return None if calendar is None else str(calendar.terms[-1].end)


async def test_without_the_word_changes_are_looked_for(door: Door, calendars: Calendars) -> None:
    assert await last_day(calendars) == "2026-12-18"
    (await door.send("PUT", "/v1/schools/999", json=UNTIL_NOVEMBER)).raise_for_status()
    assert await last_day(calendars) == "2026-11-13"


async def test_a_restored_database_is_believed_although_it_is_older(door: Door, calendars: Calendars, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    before = await connection.fetchrow("SELECT CAST(document AS text) AS document, updated_at FROM ingest.schools")
    (await door.send("PUT", "/v1/schools/999", json=UNTIL_NOVEMBER)).raise_for_status()
    assert await last_day(calendars) == "2026-11-13"
    await connection.execute(
        "UPDATE ingest.schools SET document = CAST($1 AS jsonb), updated_at = $2", before["document"], before["updated_at"]
    )
    await connection.close()
    assert await last_day(calendars) == "2026-12-18"


async def test_schools_marked_at_once_are_noted_once(door: Door, calendars: Calendars, database_url: str) -> None:
    for number in range(100, 120):
        (await door.send("PUT", f"/v1/schools/{number:04}", json=SCHOOL, token=door.token(schools="*"))).raise_for_status()
    await asyncio.gather(*(calendars.note_marked(f"{number:04}", NOW) for number in range(100, 120)))
    connection = await asyncpg.connect(database_url)
    noted = await connection.fetch("SELECT school FROM ingest.schools WHERE marked_at = $1", NOW)
    await connection.close()
    assert len(noted) == 20
