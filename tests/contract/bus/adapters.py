"""The two buses as the contract's tests drive them: topics and groups of the test's own, and what is really kept, read past the adapter."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.new_partitions import NewPartitions
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Bus, Consumer, Message, Outgoing, Partition, Positions, Publisher, committed_positions
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.bus import KafkaBus

PATIENCE: Final = 60.0
"""Seconds until a test gives up waiting for what has to come; far more than any of it takes."""

WAIT: Final = timedelta(milliseconds=200)

_numbers = itertools.count(1)


def _new_name() -> str:
    """A name that is new on a broker, which the processes of a run share."""
    return f"{os.getpid()}-{next(_numbers)}"


class Backstage(Protocol):
    """The way past the adapter."""

    def bus(self) -> Bus:
        """Another bus, as another process would have."""

    async def create_topic(self, name: str, partitions: int) -> None:
        """Creates a topic that the catalogue does not know."""

    async def add_partitions(self, name: str, partitions: int) -> None:
        """Gives a topic so many partitions."""

    async def delete_topic(self, name: str) -> None:
        """Deletes a topic with all that is in it."""

    async def forget_before(self, partition: Partition, offset: int) -> None:
        """Drops a partition's messages from before an offset, as retention would."""

    async def kept(self, topic: str) -> int:
        """How many messages of the topic are kept at this moment."""

    async def move_on(self) -> None:
        """Has a group's partitions move to the consumer that comes next, as far as they don't by themselves."""


@dataclass
class EmbeddedBackstage:
    database_url: str
    publish_timeout: timedelta = timedelta(seconds=20)

    def bus(self) -> EmbeddedBus:
        return EmbeddedBus(self.database_url, partitions=4, publish_timeout=self.publish_timeout)

    async def create_topic(self, name: str, partitions: int) -> None:
        await self.execute(
            """
            INSERT INTO bus.partitions (topic, partition, topic_id)
            SELECT $1, n, id FROM (SELECT gen_random_uuid() AS id) i, generate_series(0, $2 - 1) n
            """,
            name,
            partitions,
        )

    async def add_partitions(self, name: str, partitions: int) -> None:
        await self.execute(
            """
            INSERT INTO bus.partitions (topic, partition, topic_id)
            SELECT $1, n, (SELECT topic_id FROM bus.partitions WHERE topic = $1 AND partition = 0) FROM generate_series(0, $2 - 1) n
            ON CONFLICT DO NOTHING
            """,
            name,
            partitions,
        )

    async def delete_topic(self, name: str) -> None:
        for table in ("messages", "offsets", "partitions"):
            await self.execute(f"DELETE FROM bus.{table} WHERE topic = $1", name)

    async def forget_before(self, partition: Partition, offset: int) -> None:
        await self.execute('DELETE FROM bus.messages WHERE topic = $1 AND partition = $2 AND "offset" < $3', *partition, offset)
        await self.execute("UPDATE bus.partitions SET first_offset = $3 WHERE topic = $1 AND partition = $2", *partition, offset)

    async def kept(self, topic: str) -> int:
        return int(await self.execute("SELECT count(*) FROM bus.messages WHERE topic = $1", topic))

    async def move_on(self) -> None:
        await self.execute("UPDATE bus.leases SET until = clock_timestamp()")

    async def execute(self, sql: str, *arguments: object) -> object:
        """Runs a statement as the database's owner; answers its first value."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetchval(sql, *arguments)
        finally:
            await connection.close()


@dataclass
class KafkaBackstage:
    bootstrap: str
    publish_timeout: timedelta = timedelta(seconds=20)

    def bus(self) -> KafkaBus:
        return KafkaBus(KafkaAccess(self.bootstrap), partitions=4, publish_timeout=self.publish_timeout)

    async def create_topic(self, name: str, partitions: int) -> None:
        async with self._admin() as admin:
            await admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])

    async def add_partitions(self, name: str, partitions: int) -> None:
        async with self._admin() as admin:
            await admin.create_partitions({name: NewPartitions(total_count=partitions)})

    async def delete_topic(self, name: str) -> None:
        async with self._admin() as admin:
            await admin.delete_topics([name])
            async with asyncio.timeout(PATIENCE):
                while name in await admin.list_topics():
                    await asyncio.sleep(0.1)

    async def forget_before(self, partition: Partition, offset: int) -> None:
        async with self._admin() as admin:
            await admin.delete_records({TopicPartition(*partition): RecordsToDelete(before_offset=offset)})

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def kept(self, topic: str) -> int:
        reader = AIOKafkaConsumer(topic, bootstrap_servers=self.bootstrap)
        await reader.start()
        try:
            return sum((await reader.end_offsets(reader.assignment())).values())
        finally:
            await reader.stop()

    async def move_on(self) -> None:
        """The newcomer gets its share when it joins."""


@dataclass
class BusUnderTest:
    """A bus, and what a test opens on it; closed when the test ends."""

    backstage: Backstage
    bus: Bus
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def topic(self, *, partitions: int = 4) -> str:
        """A new topic."""
        name = f"contract.{_new_name()}.v1"
        await self.backstage.create_topic(name, partitions)
        return name

    def group(self) -> str:
        """A new group's name."""
        return f"contract.group-{_new_name()}"

    async def publisher(self, bus: Bus | None = None) -> Publisher:
        """A started publisher."""
        publisher = (bus or self.bus).publisher()
        await publisher.start()
        self._opened.push_async_callback(publisher.stop)
        return publisher

    async def consumer(self, group: str, *topics: str, bus: Bus | None = None, positions: Positions = committed_positions) -> Consumer:
        """A started consumer."""
        consumer = (bus or self.bus).consumer(group, topics, positions)
        await consumer.start()
        self._opened.push_async_callback(consumer.stop)
        return consumer

    async def other_bus(self) -> Bus:
        """A bus such as another process has."""
        bus = self.backstage.bus()
        self._opened.push_async_callback(bus.close)
        return bus

    async def close(self) -> None:
        """Closes what was opened, newest first."""
        await self._opened.aclose()
        await self.bus.close()


async def read(consumer: Consumer, count: int, *, most: int = 500) -> list[Message]:
    """Fetches until at least `count` messages have come."""
    messages: list[Message] = []
    async with asyncio.timeout(PATIENCE):
        while len(messages) < count:
            messages.extend(await consumer.fetch(most=most, wait=WAIT))
    return messages


def numbered(topic: str, key: bytes, numbers: Iterable[int]) -> list[Outgoing]:
    """Messages of one key whose values are numbers."""
    return [Outgoing(topic, key, b"%d" % number) for number in numbers]


def numbers_of(messages: Sequence[Message]) -> list[int]:
    """The numbers that `numbered` wrote."""
    return [int(message.value or b"-1") for message in messages]


def next_offsets(messages: Sequence[Message]) -> dict[Partition, int]:
    """The positions to commit once the messages are done with."""
    return {message.source: message.offset + 1 for message in messages}


async def a_key_for_each_partition(under_test: BusUnderTest, partitions: int) -> list[bytes]:
    """A key that lies in each partition of any topic with so many, found by trying."""
    tried = [b"key-%d" % number for number in range(20 * partitions)]
    topic = await under_test.topic(partitions=partitions)
    publisher = await under_test.publisher()
    await publisher.publish([Outgoing(topic, key, b"") for key in tried])
    found: dict[int, bytes] = {}
    for message in await read(await under_test.consumer(under_test.group(), topic), len(tried)):
        found.setdefault(message.partition, message.key or b"")
    return [found[number] for number in range(partitions)]
