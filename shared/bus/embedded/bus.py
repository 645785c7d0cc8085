"""The bus of a single machine without a broker: append-only logs in PostgreSQL, readers woken by NOTIFY."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.embedded import repository
from shared.bus.embedded.consumer import EmbeddedConsumer
from shared.bus.embedded.publisher import EmbeddedPublisher
from shared.bus.interface import BusUnavailableError, Positions, Standing, TopicDifference, check_topics, committed_positions
from shared.bus.lag import GroupLag
from shared.clock import Clock, utc_now
from shared.clockwatch.watch import ClockWatch, Doubts, never
from shared.db.engine import create_engine
from shared.db.errors import is_transient
from shared.db.listen import Wakeup, listen
from shared.db.migrate import Tree
from shared.events.topics import TOPICS, Topic
from shared.leases.lease import Lease
from shared.retention import Retention, Rule

SCHEMA: Final = "bus"
TREE: Final = Tree("shared.bus.embedded", SCHEMA, common=True)

TOMBSTONES_KEPT: Final = timedelta(days=1)
"""How long a reader may be away and still hear that a key is gone."""

CONNECTIONS: Final = 16
"""One for each consumer of the process, and a few to publish and to renew leases with."""

AT_ONCE: Final = 10_000


class EmbeddedBus:
    """Publishers and consumers over one engine, and the one connection that listens for news."""

    def __init__(self, database_url: str, *, partitions: int, publish_timeout: timedelta, instance: UUID | None = None) -> None:
        self._database_url = database_url
        self._instance = instance or uuid4()
        self._made: Counter[str] = Counter()
        self._partitions = partitions
        self._publish_timeout = publish_timeout
        self._engine = create_engine(database_url, SCHEMA, pool_size=CONNECTIONS)
        self._wakeups: list[tuple[frozenset[str], Wakeup]] = []
        self._closing = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def ensure_topics(self) -> None:
        """Creates the partitions of topics that have none."""
        try:
            async with self._engine.begin() as connection:
                await repository.create_partitions(connection, [topic.name for topic in TOPICS], self._partitions)
        except Exception as error:
            if is_transient(error):
                raise BusUnavailableError("the database is away") from error
            raise

    def publisher(self) -> EmbeddedPublisher:
        """A new publisher, not started."""
        return EmbeddedPublisher(self._engine, self._publish_timeout)

    def consumer(self, group: str, topics: Sequence[str], positions: Positions = committed_positions) -> EmbeddedConsumer:
        """A new consumer, not started."""
        if self._listening is None:
            told = {repository.CHANNEL: self._wake}
            self._listening = asyncio.create_task(listen(self._database_url, {}, self._closing, told), name="embedded-bus-listen")
        wakeup = Wakeup()
        self._wakeups.append((frozenset(topics), wakeup))
        # Each consumer holds its lease under a name of its own, and under the same one after a restart.
        self._made[group] += 1
        holder = uuid5(self._instance, f"{group}/{self._made[group]}")
        lease = Lease(self._engine, SCHEMA, f"group {group}", holder)
        return EmbeddedConsumer(self._engine, lease, group, topics, wakeup, positions)

    async def missing_topics(self) -> list[str]:
        """Compares the partitions with the catalogue."""
        async with self._connected() as connection:
            existing = await repository.partition_counts(connection)
        return [topic.name for topic in TOPICS if topic.name not in existing]

    async def topic_differences(self, read_partitions: Mapping[str, int]) -> list[TopicDifference]:
        """None: the settings are those of this release, whatever was there before."""
        return []

    async def lags(self) -> list[GroupLag]:
        """Compares what groups have committed with the logs."""
        async with self._connected() as connection:
            return await repository.lags(connection)

    async def standing(self, group: str, topics: Sequence[str]) -> Standing:
        """Reads the logs, and what the group has committed."""
        async with self._connected() as connection:
            logs = await repository.logs(connection, topics)
            committed = await repository.committed(connection, group, topics)
        check_topics(topics, (partition.topic for partition in logs))
        return Standing(logs, committed)

    async def ping(self) -> None:
        """Asks the database for an answer."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:
            raise BusUnavailableError("the database is away") from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except Exception as error:
            if is_transient(error):
                raise BusUnavailableError("the database is away") from error
            raise

    def clock_watch(self, jump: timedelta, standing: timedelta) -> ClockWatch:
        """Watches the clock by which messages are let go of."""
        return ClockWatch(SCHEMA, self._engine, jump, standing)

    def retention(self, clock: Clock = utc_now, doubts: Doubts = never) -> Retention:
        """Lets go of what a broker would let go of by itself: old messages, and on compacted topics all but the newest of each key."""
        return Retention(SCHEMA, self._engine, [rule for topic in TOPICS for rule in _rules(topic)], clock, doubts)

    async def close(self) -> None:
        """Stops listening and closes all connections."""
        self._closing.set()
        if self._listening is not None:
            await self._listening
        await self._engine.dispose()

    def _wake(self, topic: str) -> None:
        """Wakes the readers of a topic; all of them where none is named, as after each connect."""
        for topics, wakeup in self._wakeups:
            if not topic or topic in topics:
                wakeup.ring()


def _rules(topic: Topic) -> tuple[Rule, ...]:
    name = topic.name

    async def old(connection: AsyncConnection, moment: datetime, most: int) -> int:
        return await repository.drop_older(connection, name, moment, most)

    async def superseded(connection: AsyncConnection, _: datetime, most: int) -> int:
        return await repository.drop_superseded(connection, name, most)

    async def tombstones(connection: AsyncConnection, moment: datetime, most: int) -> int:
        return await repository.drop_tombstones(connection, name, moment, most)

    if topic.retention is not None:
        return (Rule(name, topic.retention, old, AT_ONCE),)
    return (
        Rule(f"{name}.superseded", timedelta(0), superseded, AT_ONCE),
        Rule(f"{name}.tombstones", TOMBSTONES_KEPT, tombstones, AT_ONCE),
    )
