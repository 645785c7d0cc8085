"""The bus goes away and comes back: whoever uses it is told in time, and goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import psutil
import pytest

from shared.bus.embedded.bus import TREE
from shared.bus.interface import BusUnavailableError, Consumer, Message, Publisher
from shared.db.migrate import migrate
from tests.contract.bus.adapters import (
    PATIENCE,
    WAIT,
    Backstage,
    BusUnderTest,
    EmbeddedBackstage,
    KafkaBackstage,
    next_offsets,
    numbered,
    numbers_of,
)
from tests.support.kafka import running_broker
from tests.support.own_postgres import own_postgres
from tests.support.ports import free_port

PUBLISH_TIMEOUT: Final = timedelta(seconds=1)


@dataclass
class Engine:
    """The server that the bus runs on, to be taken away."""

    backstage: Backstage
    stop: Callable[[], None]
    kill: Callable[[], None]
    start: Callable[[], object]
    processes: Callable[[], list[psutil.Process]]


@contextmanager
def _own_postgres(folder: Path) -> Iterator[Engine]:
    with own_postgres(folder) as server:
        asyncio.run(migrate(server.url, [TREE]))
        yield Engine(EmbeddedBackstage(server.url, PUBLISH_TIMEOUT), server.stop, server.kill, server.start, server.processes)


@contextmanager
def _own_kafka(folder: Path) -> Iterator[Engine]:
    with running_broker(folder) as broker:

        def processes() -> list[psutil.Process]:
            return [psutil.Process(int((broker.folder / "broker.pid").read_text().split()[0]))]

        backstage = KafkaBackstage(broker.bootstrap, PUBLISH_TIMEOUT)
        yield Engine(backstage, broker.stop, broker.kill, broker.start, processes)


@pytest.fixture(scope="module", params=[_own_postgres, pytest.param(_own_kafka, marks=pytest.mark.kafka)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with request.param(tmp_path_factory.mktemp("engine") / "data") as engine:
        yield engine


@pytest.fixture
async def under_test(engine: Engine) -> AsyncIterator[BusUnderTest]:
    under_test = BusUnderTest(engine.backstage, engine.backstage.bus())
    yield under_test
    await under_test.close()
    # Nothing lingers that would send or read on when the bus is back.
    async with asyncio.timeout(PATIENCE):
        while asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.sleep(0.05)


async def _publish_away(publisher: Publisher, topic: str, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(BusUnavailableError):
            await publisher.publish(numbered(topic, b"k", [number]))


async def _publish_again(publisher: Publisher, topic: str, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await publisher.publish(numbered(topic, b"k", [number]))
            except BusUnavailableError:
                await asyncio.sleep(0.1)


async def _read_on(consumer: Consumer, number: int) -> list[Message]:
    """Reads until a number comes, whatever the bus says meanwhile."""
    messages: list[Message] = []
    async with asyncio.timeout(PATIENCE):
        while number not in numbers_of(messages):
            try:
                messages.extend(await consumer.fetch(most=100, wait=WAIT))
            except BusUnavailableError:
                await asyncio.sleep(0.1)
    return messages


@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_publishers_and_consumers_outlive_an_outage(under_test: BusUnderTest, engine: Engine, way: str) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), topic)
    await publisher.publish(numbered(topic, b"k", [1, 2]))
    read = await _read_on(consumer, 2)
    await consumer.commit({read[0].source: 1})

    await asyncio.to_thread(getattr(engine, way))
    for _ in range(2):
        await _publish_away(publisher, topic, 3)
        with pytest.raises(BusUnavailableError):
            await under_test.bus.ping()
        async with asyncio.timeout(PATIENCE):
            try:
                assert await consumer.fetch(most=10, wait=WAIT) == []
                await consumer.commit({read[0].source: 2})
            except BusUnavailableError:
                pass
    await asyncio.to_thread(engine.start)

    await _publish_again(publisher, topic, 4)
    await under_test.bus.ping()
    after = await _read_on(consumer, 4)
    # What was not committed, or was taken back, may come again.
    assert set(numbers_of(after)) - {3} in ({4}, {2, 4})
    await consumer.commit(next_offsets(after))
    await consumer.stop()
    await publisher.publish(numbered(topic, b"k", [5]))

    # What was given up may have arrived all the same, but only before what came after it.
    everything = numbers_of(await _read_on(await under_test.consumer(under_test.group(), topic), 5))
    assert everything == sorted(everything)
    assert set(everything) - {3} == {1, 2, 4, 5}


async def test_nothing_waits_for_ever_for_a_bus_that_hangs(
    under_test: BusUnderTest, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("bus.embedded.consumer.QUERY_TIMEOUT", "db.listen.CONNECT_TIMEOUT", "bus.kafka.ending.STOP_TIMEOUT"):
        monkeypatch.setattr(f"shared.{bound}", 1.0)
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), topic)
    await publisher.publish(numbered(topic, b"k", [1]))
    [message] = await _read_on(consumer, 1)

    processes = engine.processes()
    for process in processes:
        process.suspend()
    try:
        await _publish_away(publisher, topic, 2)
        async with asyncio.timeout(PATIENCE):
            with suppress(BusUnavailableError):
                await consumer.commit({message.source: 1})
            await consumer.stop()
            await publisher.stop()
            await under_test.bus.close()
    finally:
        for process in processes:
            process.resume()


@pytest.mark.parametrize("bus", [EmbeddedBackstage, pytest.param(KafkaBackstage, marks=pytest.mark.kafka)])
async def test_a_bus_that_was_never_there_is_reported(bus: type[EmbeddedBackstage | KafkaBackstage]) -> None:
    port = free_port()
    address = f"127.0.0.1:{port}" if bus is KafkaBackstage else f"postgresql://postgres@127.0.0.1:{port}/postgres"
    absent = BusUnderTest(bus(address, PUBLISH_TIMEOUT), bus(address, PUBLISH_TIMEOUT).bus())
    try:
        async with asyncio.timeout(PATIENCE):
            publisher = await absent.publisher()
            consumer = await absent.consumer("nobodys", "star.marks.v1")
            await _publish_away(publisher, "star.marks.v1", 1)
            with pytest.raises(BusUnavailableError):
                await consumer.fetch(most=10, wait=WAIT)
            with pytest.raises(BusUnavailableError):
                await absent.bus.ensure_topics()
            with pytest.raises(BusUnavailableError):
                await absent.bus.ping()
    finally:
        await absent.close()
