"""A group that keeps its offsets in its own database, over logs that are not what follows on them, on both buses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.interface import Consumer, Message, Partition
from shared.db.engine import create_engine
from shared.offsets import repository
from shared.offsets.ledger import Ledger
from tests.contract.bus.adapters import PATIENCE, WAIT, BusUnderTest, next_offsets, numbered, numbers_of, read


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=2)
    yield engine
    await engine.dispose()


async def consume(ledger: Ledger, consumer: Consumer, count: int) -> Sequence[Message]:
    messages = await read(consumer, count)
    async with ledger.engine.begin() as connection:
        await ledger.advance(connection, next_offsets(messages))
    ledger.advanced(next_offsets(messages))
    return messages


async def gaps(engine: AsyncEngine) -> list[tuple[str, int, int, int]]:
    async with engine.connect() as connection:
        return [(gap.kind, gap.partition.number, gap.from_offset, gap.to_offset) for gap in await repository.open_gaps(connection)]


async def test_a_backlog_that_retention_deletes_unread_is_found_and_the_rest_is_read(under_test: BusUnderTest, engine: AsyncEngine) -> None:
    topic, ledger = await under_test.topic(partitions=1), Ledger(engine, "thresholds.lost")
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(3)))
    consumer = await under_test.consumer(ledger.group, topic, positions=ledger.positions)
    await consume(ledger, consumer, 3)
    await consumer.stop()
    await publisher.publish(numbered(topic, b"k", range(3, 10)))
    await under_test.backstage.forget_before(Partition(topic, 0), 7)

    after = Ledger(engine, ledger.group)
    again = await under_test.consumer(ledger.group, topic, positions=after.positions)

    assert numbers_of(await consume(after, again, 3)) == [7, 8, 9]
    assert await gaps(engine) == [("lost", 0, 3, 7)]


async def test_a_topic_that_is_made_again_under_a_running_group_is_read_from_its_start(
    under_test: BusUnderTest, engine: AsyncEngine
) -> None:
    topic, ledger = await under_test.topic(partitions=1), Ledger(engine, "thresholds.again")
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(5)))
    consumer = await under_test.consumer(ledger.group, topic, positions=ledger.positions)
    await consume(ledger, consumer, 5)
    await under_test.backstage.delete_topic(topic)
    await under_test.backstage.create_topic(topic, 1)
    # More than the old one had: an offset alone would not tell.
    await publisher.publish(numbered(topic, b"k", range(10, 18)))

    found: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while 17 not in found:
            consumer.relocate()
            found += numbers_of(await consumer.fetch(most=100, wait=WAIT))

    assert found[-8:] == list(range(10, 18))
    assert await gaps(engine) == [("another-topic", 0, 5, 0)]


async def test_new_partitions_are_read_from_their_start(
    under_test: BusUnderTest, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for client in ("consumer", "publisher"):
        monkeypatch.setattr(f"shared.bus.kafka.{client}.METADATA_MAX_AGE", timedelta(seconds=1))
    topic, ledger = await under_test.topic(partitions=1), Ledger(engine, "thresholds.new")
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(3)))
    consumer = await under_test.consumer(ledger.group, topic, positions=ledger.positions)
    await consume(ledger, consumer, 3)

    await under_test.backstage.add_partitions(topic, 4)
    other = await under_test.publisher(await under_test.other_bus())
    for key in range(40):
        await other.publish(numbered(topic, b"key-%d" % key, [100 + key]))

    found: set[int] = set()
    async with asyncio.timeout(PATIENCE):
        while len(found) < 40:
            found |= set(numbers_of(await consumer.fetch(most=100, wait=WAIT)))
            consumer.relocate()
    assert found - {0, 1, 2} == set(range(100, 140))
    assert await gaps(engine) == []
