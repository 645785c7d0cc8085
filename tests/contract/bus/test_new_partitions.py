"""A topic is given partitions while its groups run: they are written to and read, with nothing restarted, at the product's own ages."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.interface import Message, Partition
from shared.bus.processor import Processor
from shared.db.engine import create_engine
from shared.offsets.ledger import Ledger
from tests.contract.bus.adapters import PATIENCE, Backstage, BusUnderTest, EmbeddedBackstage, next_offsets, numbered


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=4)
    yield engine
    await engine.dispose()


@dataclass
class Reading:
    """An edge that keeps what it is given."""

    ledger: Ledger
    given: list[Message]

    async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        async with self.ledger.engine.begin() as connection:
            await self.ledger.advance(connection, next_offsets(messages))
        self.ledger.advanced(next_offsets(messages))
        self.given.extend(messages)
        return {}

    async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
        raise error


async def test_new_partitions_are_read_with_nothing_restarted(under_test: BusUnderTest, backstage: Backstage, engine: AsyncEngine) -> None:
    group, topic = under_test.group(), await under_test.topic(partitions=1)
    given: list[Message] = []
    stop = asyncio.Event()
    # Two workers, as a cluster has them: each notices by itself, and the group shares anew.
    processors = []
    for _ in range(2):
        ledger = Ledger(engine, group)
        consumer = await under_test.consumer(group, topic, positions=ledger.positions)
        processors.append(asyncio.create_task(Processor(group, consumer, Reading(ledger, given)).run(stop)))
    writers = {b"began before": await under_test.publisher()}
    sent = 0

    async def until(read: set[tuple[bytes, int]]) -> None:
        """Each writer writes twenty keys a round, until messages of these writers have come from these partitions."""
        nonlocal sent
        async with asyncio.timeout(PATIENCE):
            while not read <= {(bytes(message.key or b"").split(b"/")[0], message.partition) for message in given}:
                for name, writer in writers.items():
                    for key in range(20):
                        await writer.publish(numbered(topic, b"%s/%d" % (name, key), [sent]))
                        sent += 1
                await asyncio.sleep(0.2)

    try:
        await until({(b"began before", 0)})
        await backstage.add_partitions(topic, 4)
        if isinstance(backstage, EmbeddedBackstage):
            # A table's partitions grow by hand alone, and its writers keep to those that they began with.
            del writers[b"began before"]
        writers[b"began after"] = await under_test.publisher(await under_test.other_bus())
        await until({(name, partition) for name in writers for partition in range(4)})
        async with asyncio.timeout(PATIENCE):
            while len(given) < sent:
                await asyncio.sleep(0.1)
    finally:
        stop.set()
        await asyncio.gather(*processors)
    # Nothing is passed over where partitions move between the workers, and nothing is made of a message twice.
    assert sorted(int(message.value or b"") for message in given) == list(range(sent))
