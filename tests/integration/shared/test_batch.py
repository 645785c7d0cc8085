"""One batch, one transaction: what can't be read or used is kept as a dead letter, and what waits is left alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message, Partition
from shared.db.engine import create_engine
from shared.deadletters.box import DeadLetterBox
from shared.events.envelope import Tombstone
from shared.worklist import repository as worklist
from tests.integration.shared.conftest import Sql
from tests.support.applied import Applied

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
TOPIC = "star.students.v1"
BOX = DeadLetterBox("thresholds")


@dataclass
class Keys(BatchHandler):
    """Makes a piece of work of each tombstone; refuses `bad`, waits at `not-yet`, and dies of `fatal`."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        for message, event in batch.events:
            assert isinstance(event, Tombstone)
            if event.key == "not-yet":
                batch.pause(message)
            if event.key == "bad":
                batch.refuse(message, "bad-key", "it is bad", school="0999")
            elif not batch.waits(message):
                await worklist.add(connection, "key", UUID(int=message.offset), NOW, NOW)
            if event.key == "fatal":
                raise ZeroDivisionError


def messages(*keys: bytes, partition: int = 0) -> list[Message]:
    return [Message(TOPIC, partition, offset, key, None) for offset, key in enumerate(keys, start=partition * 100)]


@pytest.fixture
async def handler(database_url: str) -> AsyncIterator[Applied]:
    engine: AsyncEngine = create_engine(database_url, "thresholds", pool_size=2)
    yield Applied(engine, Keys(BOX, lambda: NOW))
    await engine.dispose()


async def applied(sql: Sql) -> list[int]:
    return [row["id"].int for row in await sql("SELECT id FROM thresholds.work ORDER BY id")]


async def letters(sql: Sql) -> list[tuple[int, str]]:
    return [(row["offset"], row["reason"]) for row in await sql('SELECT "offset", reason FROM thresholds.dead_letters ORDER BY 1')]


async def test_what_can_not_be_read_or_used_is_kept_and_the_rest_applied(handler: Applied, sql: Sql) -> None:
    assert await handler(messages(b"a", b"bad", b"\xff", b"d")) == {}
    assert await applied(sql) == [0, 3]
    assert await letters(sql) == [(1, "bad-key"), (2, "not-an-event")]


async def test_what_waits_is_left_with_all_behind_it_in_its_partition(handler: Applied, sql: Sql) -> None:
    pauses = await handler([*messages(b"a", b"not-yet", b"bad", b"\xff", b"not-yet"), *messages(b"x", b"y", partition=1)])
    assert pauses == {Partition(TOPIC, 0): 1}
    assert await applied(sql) == [0, 100, 101]
    assert await letters(sql) == []


async def test_an_error_leaves_everything_as_it_was(handler: Applied, sql: Sql) -> None:
    with pytest.raises(ZeroDivisionError):
        await handler(messages(b"a", b"bad", b"fatal"))
    assert await applied(sql) == []
    assert await letters(sql) == []
