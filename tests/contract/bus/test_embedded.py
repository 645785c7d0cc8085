"""The promises of the bus on PostgreSQL beyond the contract: no gaps, takeover from the dead, and cleaning as Kafka does by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.embedded import repository
from shared.bus.embedded.bus import SCHEMA, EmbeddedBus
from shared.bus.interface import BusUnavailableError, Message, Outgoing, Partition
from shared.db.engine import create_engine
from shared.events.topics import DEAD_LETTERS, MARKS, SCHOOLS, STUDENTS
from tests.contract.bus.adapters import PATIENCE, WAIT, BusUnderTest, EmbeddedBackstage, next_offsets, numbered, numbers_of, read

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
LONG = timedelta(minutes=5)
"""A wait that only the bell ends."""


@pytest.fixture
def embedded(database_url: str) -> EmbeddedBackstage:
    return EmbeddedBackstage(database_url)


@pytest.fixture
async def under_test(embedded: EmbeddedBackstage) -> AsyncIterator[BusUnderTest]:
    under_test = BusUnderTest(embedded, embedded.bus())
    yield under_test
    await under_test.close()


async def test_a_slow_writer_delays_those_after_it_and_hides_nothing(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), topic)
    await publisher.publish(numbered(topic, b"k", [0]))
    assert numbers_of(await read(consumer, 1)) == [0]
    engine = create_engine(embedded.database_url, SCHEMA, pool_size=1)

    async with engine.begin() as slow:
        await repository.append(slow, [(0, message) for message in numbered(topic, b"k", [1, 2])])
        quick = asyncio.create_task(publisher.publish(numbered(topic, b"k", [3])))
        # The slow writer has the offsets 1 and 2; a reader that saw offset 3 now would never come back for them.
        for _ in range(3):
            assert await consumer.fetch(most=10, wait=WAIT) == []
        assert not quick.done()

    await quick
    messages = await read(consumer, 3)
    assert [(message.offset, message.value) for message in messages] == [(1, b"1"), (2, b"2"), (3, b"3")]
    await engine.dispose()


async def test_a_reader_at_the_end_looks_once_a_wait_and_is_woken_for_its_own_topics(
    under_test: BusUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_topic, other = [await under_test.topic(partitions=1) for _ in range(2)]
    consumer, others = [await under_test.consumer(under_test.group(), topic) for topic in (read_topic, other)]
    looks = 0
    fetch = repository.fetch

    async def counted(connection: AsyncConnection, wanted: Mapping[Partition, int], most: int) -> list[Message]:
        nonlocal looks
        looks += any(partition.topic == read_topic for partition in wanted)
        return await fetch(connection, wanted, most)

    monkeypatch.setattr(repository, "fetch", counted)
    # Once more at first: nothing that came before it listened has rung. The connect ends that wait, and none of those that follow.
    assert await consumer.fetch(most=10, wait=LONG) == []
    for _ in range(2):
        assert await consumer.fetch(most=10, wait=WAIT) == []
    assert looks == 4

    publisher = await under_test.publisher()
    waiting = asyncio.create_task(consumer.fetch(most=10, wait=LONG))
    await publisher.publish(numbered(other, b"k", [1]))
    assert numbers_of(await read(others, 1)) == [1]
    assert (looks, waiting.done()) == (4, False)
    await publisher.publish(numbered(read_topic, b"k", [2]))
    assert numbers_of(await waiting) == [2]
    assert looks == 5


async def test_a_publisher_of_the_release_before_wakes_every_reader(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    consumer = await under_test.consumer(under_test.group(), topic)
    # The connect ends the first wait, and only the bell the second.
    assert await consumer.fetch(most=10, wait=LONG) == []
    waiting = asyncio.create_task(consumer.fetch(most=10, wait=LONG))
    engine = create_engine(embedded.database_url, SCHEMA, pool_size=1)
    async with engine.begin() as connection:
        # It names no topic.
        await connection.execute(text(f"NOTIFY {repository.CHANNEL}"))
    assert await waiting == []
    await engine.dispose()


async def test_what_was_given_up_is_not_written_later_and_holds_nobody_up(embedded: EmbeddedBackstage) -> None:
    impatient = EmbeddedBackstage(embedded.database_url, publish_timeout=timedelta(seconds=1))
    under_test = BusUnderTest(impatient, impatient.bus())
    stuck, free = [await under_test.topic(partitions=1) for _ in range(2)]
    publisher = await under_test.publisher()
    engine = create_engine(embedded.database_url, SCHEMA, pool_size=1)

    async with engine.begin() as slow:
        await repository.append(slow, [(0, message) for message in numbered(stuck, b"k", [1])])
        for outcome in await asyncio.gather(*(publisher.publish(numbered(stuck, b"k", [2])) for _ in range(3)), return_exceptions=True):
            assert isinstance(outcome, BusUnavailableError)
        async with asyncio.timeout(PATIENCE / 2):
            while not await embedded.kept(free):
                with suppress(BusUnavailableError):
                    await publisher.publish(numbered(free, b"k", [3]))

    await publisher.publish(numbered(stuck, b"k", [4]))
    assert numbers_of(await read(await under_test.consumer(under_test.group(), stuck), 2)) == [1, 4]
    await engine.dispose()
    await under_test.close()


async def test_a_write_that_is_rolled_back_leaves_no_gap(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    engine = create_engine(embedded.database_url, SCHEMA, pool_size=1)
    with suppress(ZeroDivisionError):
        async with engine.begin() as connection:
            await repository.append(connection, [(0, message) for message in numbered(topic, b"k", [1, 2])])
            raise ZeroDivisionError
    await publisher.publish(numbered(topic, b"k", [3]))

    [message] = await read(await under_test.consumer(under_test.group(), topic), 1)

    assert (message.offset, message.value) == (0, b"3")
    await engine.dispose()


async def test_a_standby_takes_over_from_a_reader_that_vanished_without_a_word(
    under_test: BusUnderTest, embedded: EmbeddedBackstage
) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    group = under_test.group()
    reader = await under_test.consumer(group, topic)
    standby = await under_test.consumer(group, topic, bus=await under_test.other_bus())
    await publisher.publish(numbered(topic, b"k", [1]))
    messages = await read(reader, 1)
    assert await standby.fetch(most=10, wait=WAIT) == []

    # Its connections stay open: as far as the server knows, it lives.
    began = time.monotonic()
    assert numbers_of(await read(standby, 1)) == [1]
    assert time.monotonic() - began < 15

    await reader.commit(next_offsets(messages))
    assert await embedded.execute("SELECT count(*) FROM bus.offsets WHERE consumer_group = $1", group) == 0
    assert await reader.fetch(most=10, wait=WAIT) == []


async def test_a_reader_whose_connection_is_cut_goes_on(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    reader = await under_test.consumer(under_test.group(), topic)
    await publisher.publish(numbered(topic, b"k", [1]))
    await reader.commit(next_offsets(await read(reader, 1)))
    await embedded.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with suppress(BusUnavailableError):
        await publisher.publish(numbered(topic, b"k", [2]))
    with suppress(BusUnavailableError):
        await reader.fetch(most=10, wait=WAIT)
    await publisher.publish(numbered(topic, b"k", [3]))
    began = time.monotonic()
    assert numbers_of(await read(reader, 1))[-1] == 3
    assert time.monotonic() - began < 5


async def test_a_reader_that_was_killed_takes_its_group_again_at_once_under_its_name(database_url: str) -> None:
    instance = uuid4()

    def bus() -> EmbeddedBus:
        return EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=20), instance=instance)

    before, after = bus(), bus()
    await before.ensure_topics()
    assert await before.consumer("readers", [MARKS.name]).fetch(most=10, wait=WAIT) == []
    publisher = after.publisher()
    await publisher.start()
    await publisher.publish(numbered(MARKS.name, b"k", [1]))
    began = time.monotonic()
    assert numbers_of(await read(after.consumer("readers", [MARKS.name]), 1)) == [1]
    assert time.monotonic() - began < 5
    await publisher.stop()
    await before.close()
    await after.close()


async def test_a_standby_takes_over_when_the_readers_lease_has_ended(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    group = under_test.group()
    reader = await under_test.consumer(group, topic)
    standby = await under_test.consumer(group, topic, bus=await under_test.other_bus())
    await publisher.publish(numbered(topic, b"k", [1, 2]))
    await reader.commit({(await read(reader, 2))[0].source: 1})
    assert await standby.fetch(most=10, wait=WAIT) == []

    await embedded.move_on()

    assert numbers_of(await read(standby, 1)) == [2]
    # The one that lost the group says so at most once, reads nothing, and can't move the group's offsets.
    await reader.commit({Partition(topic, 0): 2})
    with suppress(BusUnavailableError):
        assert await reader.fetch(most=10, wait=WAIT) == []
    assert await reader.fetch(most=10, wait=WAIT) == []
    await reader.commit({Partition(topic, 0): 2})
    await standby.stop()
    assert numbers_of(await read(reader, 1)) == [2]


async def test_a_cancelled_fetch_gives_the_group_up(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    group = under_test.group()
    reader = await under_test.consumer(group, topic)
    standby = await under_test.consumer(group, topic, bus=await under_test.other_bus())
    publisher = await under_test.publisher()
    await reader.fetch(most=10, wait=WAIT)
    engine = create_engine(embedded.database_url, SCHEMA, pool_size=1)

    # A query that hangs, cancelled from outside, as when a worker is told to stop at once.
    async with engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        fetching = asyncio.create_task(reader.fetch(most=10, wait=WAIT))
        await asyncio.sleep(0.1)
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
    await publisher.publish(numbered(topic, b"k", [1]))

    assert numbers_of(await read(standby, 1)) == [1]
    assert await reader.fetch(most=10, wait=WAIT) == []
    await engine.dispose()


async def test_publishers_go_on_when_their_connections_are_cut(under_test: BusUnderTest, embedded: EmbeddedBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), topic)
    kept: list[int] = []
    for number in range(30):
        if number % 10 == 5:
            await embedded.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with suppress(BusUnavailableError):
            await publisher.publish(numbered(topic, b"k", [number]))
            kept.append(number)
    assert len(kept) >= 27

    read_back: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(read_back) < len(kept):
            with suppress(BusUnavailableError):
                read_back.extend(numbers_of(await consumer.fetch(most=10, wait=WAIT)))
    assert read_back == kept


async def test_a_topic_that_comes_later_is_waited_for(under_test: BusUnderTest) -> None:
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), "contract.later.v1")
    with pytest.raises(BusUnavailableError, match=r"contract\.later\.v1"):
        await publisher.publish(numbered("contract.later.v1", b"k", [1]))
    with pytest.raises(BusUnavailableError, match=r"contract\.later\.v1"):
        await consumer.fetch(most=10, wait=WAIT)

    await under_test.backstage.create_topic("contract.later.v1", 2)

    await publisher.publish(numbered("contract.later.v1", b"k", [1]))
    assert numbers_of(await read(consumer, 1)) == [1]


async def _age(embedded: EmbeddedBackstage, topic: str, key: bytes, age: timedelta) -> None:
    await embedded.execute("UPDATE bus.messages SET appended_at = $1 WHERE topic = $2 AND key = $3", NOW - age, topic, key)


async def _left(embedded: EmbeddedBackstage, topic: str) -> object:
    return await embedded.execute(
        "SELECT string_agg(encode(key, 'escape') || '=' || coalesce(encode(value, 'escape'), 'gone'), ' ' ORDER BY key, \"offset\")"
        " FROM bus.messages WHERE topic = $1",
        topic,
    )


async def test_cleaning_drops_what_retention_lets_go_of(database_url: str, embedded: EmbeddedBackstage) -> None:
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=20))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    for topic in (MARKS, DEAD_LETTERS):
        await publisher.publish([Outgoing(topic.name, key, b"1") for key in (b"a", b"b", b"c")])
        await _age(embedded, topic.name, b"a", timedelta(days=401))
        await _age(embedded, topic.name, b"b", timedelta(days=91))

    assert await bus.retention(lambda: NOW).run_once() == 3

    assert await _left(embedded, MARKS.name) == "b=1 c=1"
    assert await _left(embedded, DEAD_LETTERS.name) == "c=1"
    await publisher.publish([Outgoing(MARKS.name, b"a", b"2")])
    assert await _left(embedded, MARKS.name) == "a=2 b=1 c=1"
    await publisher.stop()
    await bus.close()


async def test_cleaning_keeps_the_newest_of_each_key(
    database_url: str, embedded: EmbeddedBackstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few at once that a tombstone could go before what it hides.
    monkeypatch.setattr("shared.bus.embedded.bus.AT_ONCE", 1)
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=20))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    consumer = bus.consumer("readers", [STUDENTS.name])
    for topic in (SCHOOLS, STUDENTS):
        told = [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"c", b"1"), (b"b", None), (b"c", None), (b"a", b"3")]
        await publisher.publish([Outgoing(topic.name, key, value) for key, value in told])
        await _age(embedded, topic.name, b"a", timedelta(days=4000))
        await _age(embedded, topic.name, b"b", timedelta(hours=25))
        await _age(embedded, topic.name, b"c", timedelta(hours=23))

    assert await bus.retention(lambda: NOW).run_once() == 10

    assert await _left(embedded, SCHOOLS.name) == "a=3 c=gone"
    assert await _left(embedded, STUDENTS.name) == "a=3 c=gone"
    assert await bus.retention(lambda: NOW).run_once() == 0
    assert {(message.key, message.value) for message in await read(consumer, 2)} == {(b"a", b"3"), (b"c", None)}
    await consumer.stop()
    await publisher.stop()
    await bus.close()
