"""The outcome of a batch and its position commit together, or neither does; an unforeseen record is kept where people see it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.applying import UNFORESEEN, Applier
from shared.bus.interface import Log, Message, Partition
from shared.db.engine import create_engine
from shared.deadletters.box import DeadLetterBox
from shared.offsets.ledger import Ledger, PartitionLostError
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from tests.integration.shared.conftest import Sql

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
A = Partition("star.schools.v1", 0)
LOGS = {A: Log(UUID(int=1), 0, 100)}


async def nothing_committed() -> Mapping[Partition, int]:
    return {}


async def work_of_each(connection: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
    """Makes a piece of work of each message but those that have to wait."""
    for message in messages:
        if message.value == b"wait":
            return {message.source: message.offset}
        await worklist.add(connection, "test", UUID(int=message.offset), NOW, NOW)
    return {}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=3)
    yield engine
    await engine.dispose()


async def worker(engine: AsyncEngine) -> Applier:
    ledger = Ledger(engine, "thresholds.test")
    await ledger.positions(LOGS, nothing_committed)
    return Applier(engine, work_of_each, ledger, DeadLetterBox("thresholds"), lambda: NOW)


def messages(first: int, *values: bytes) -> list[Message]:
    return [Message(*A, offset, b"k", value) for offset, value in enumerate(values, start=first)]


async def state(sql: Sql) -> tuple[list[int], int]:
    """The work there is, and the offset that is read next."""
    work = [row["id"].int for row in await sql("SELECT id FROM thresholds.work ORDER BY id")]
    [consumed] = await sql("SELECT next_offset FROM thresholds.consumed WHERE consumer_group = 'thresholds.test'")
    return work, consumed["next_offset"]


async def test_effects_and_offsets_commit_together(engine: AsyncEngine, sql: Sql) -> None:
    applier = await worker(engine)
    assert await applier.apply(messages(0, b"a", b"b")) == {}
    assert await state(sql) == ([0, 1], 2)
    # Gaps of a compacted log are none.
    assert await applier.apply(messages(7, b"c", b"wait", b"d")) == {A: 8}
    assert await state(sql) == ([0, 1, 7], 8)
    assert await applier.apply(messages(8, b"wait")) == {A: 8}
    assert await state(sql) == ([0, 1, 7], 8)


async def test_a_worker_that_was_paused_and_lost_its_partition_leaves_no_trace(engine: AsyncEngine, sql: Sql) -> None:
    paused, successor = await worker(engine), await worker(engine)
    await successor.apply(messages(0, b"a"))

    with pytest.raises(PartitionLostError):
        await paused.apply(messages(0, b"a", b"b"))

    assert await state(sql) == ([0], 1)
    await paused.ledger.positions(LOGS, nothing_committed)
    await paused.apply(messages(1, b"b"))
    assert await state(sql) == ([0, 1], 2)


async def test_an_unforeseen_record_is_set_aside_with_an_alarm(engine: AsyncEngine, sql: Sql) -> None:
    applier = await worker(engine)
    before = metrics.UNFORESEEN.labels("thresholds.test")._value.get()
    await applier.set_aside(messages(0, b"bad")[0], KeyError("Mere Ngata"))

    assert await state(sql) == ([], 1)
    [letter] = await sql("SELECT reason, detail, value FROM thresholds.dead_letters")
    assert tuple(letter) == (UNFORESEEN, "KeyError", b"bad")
    assert metrics.UNFORESEEN.labels("thresholds.test")._value.get() == before + 1
