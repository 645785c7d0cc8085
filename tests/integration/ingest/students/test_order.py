"""A later word about a student is newer for its readers, although the clock was set back meanwhile."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.students.keeping import forget, keep
from services.ingest.students.schemas import StudentIn
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.db.engine import create_engine
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, decode
from shared.identifiers import SchoolNumber
from tests.integration.ingest.conftest import NOW, Door
from tests.support.clock import ManualClock

SCHOOL = SchoolNumber("0999")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "ingest", pool_size=2)
    yield engine
    await engine.dispose()


async def told(engine: AsyncEngine) -> list[tuple[str, datetime] | None]:
    """The names told of students and when, in the order of the log; None where one was taken off the roster."""
    found: list[tuple[str, datetime] | None] = []
    async with engine.connect() as connection:
        for row in await connection.execute(text("SELECT * FROM outbox WHERE topic = 'star.students.v1' ORDER BY id")):
            event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
            assert not isinstance(event, Event) or isinstance(event.data, StudentUpdated)
            found.append((event.data.given_name, event.data.updated_at) if isinstance(event, Event) else None)
    return found


@pytest.mark.parametrize("back", [timedelta(seconds=90), timedelta(hours=1), timedelta(days=1)])
async def test_a_roster_is_newer_than_the_one_before(door: Door, engine: AsyncEngine, back: timedelta) -> None:
    clock = ManualClock(NOW)

    async def send(name: str) -> None:
        async with engine.begin() as connection:
            await keep(connection, SCHOOL, [StudentIn(student="12345", given_name=name)], clock)

    await send("Ana")
    clock.now -= back
    await send("Anahera")
    async with engine.begin() as connection:
        await forget(connection, SCHOOL, ["12345"])
    # Of a student who was taken off, too: readers may keep more than the name.
    await send("Ani")
    clock.now = NOW + timedelta(minutes=1)
    await send("Anna")
    microsecond = timedelta(microseconds=1)
    assert await told(engine) == [
        ("Ana", NOW),
        ("Anahera", NOW + microsecond),
        None,
        ("Ani", NOW + 2 * microsecond),
        ("Anna", NOW + timedelta(minutes=1)),
    ]
