"""Reads from Kafka for a group."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from shared.bus.interface import BusUnavailableError, Message, Partition, Positions
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.ending import METADATA_MAX_AGE, UNAVAILABLE, bounded, leave
from shared.bus.kafka.logs import logs_of
from shared.bus.kafka.publisher import MAX_REQUEST_BYTES

log = structlog.get_logger()

JOIN_TIMEOUT: Final = timedelta(seconds=30)
"""Joining waits for the group's other members: for one that was killed as long as its session lasts, ten seconds."""

SESSION: Final = timedelta(seconds=10)
"""A worker that was killed is missed after this long; its partitions rest until then."""


class KafkaConsumer:
    """A member of a consumer group that reads on where `positions` say, whatever the group has committed."""

    def __init__(self, access: KafkaAccess, group: str, topics: Sequence[str], timeout: timedelta, positions: Positions) -> None:
        self._access = access
        self._timeout = timeout.total_seconds()
        self._group = group
        self._topics = topics
        self._look_up = positions
        self._consumer: AIOKafkaConsumer | None = None
        # aiokafka makes a new assignment at each rebalance: what was read under another one than this is not ours to handle.
        self._placed: object = None

    async def start(self) -> None:
        """Nothing to do: the first fetch connects."""

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        """Up to `most` messages. Never cancelled from outside: aiokafka would lose what it had already taken."""
        try:
            consumer = await self._joined()
            await self._place(consumer)
            records = await consumer.getmany(timeout_ms=int(wait.total_seconds() * 1000), max_records=most)
        except (NoOffsetForPartitionError, OffsetOutOfRangeError):
            self.relocate()
            return []
        except UNAVAILABLE as error:
            # A coordinator that gave up stays so; a new consumer reads on from the last commit.
            await self.stop()
            raise BusUnavailableError(type(error).__name__) from error
        if _assignment(consumer) is not self._placed:
            return []
        return [_message(record) for batch in records.values() for record in batch]

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commits; what a rebalance has taken away is discarded and read again by its new owner."""
        if self._consumer is None:
            return
        held = set(self._held(offsets))
        wanted = {TopicPartition(*partition): offset for partition, offset in offsets.items() if TopicPartition(*partition) in held}
        if not wanted:
            return
        try:
            await bounded(self._consumer.commit(wanted), self._timeout)
        except BusUnavailableError as error:
            if isinstance(error.__cause__, (CommitFailedError, IllegalStateError)):
                log.info("bus.commit_discarded", group=self._group, partitions=len(wanted))
                return
            raise

    def relocate(self) -> None:
        """Looks up where to read on before the next fetch."""
        self._placed = None

    def rewind(self, offsets: Mapping[Partition, int]) -> None:
        """Seeks; partitions that a rebalance has taken away are passed over."""
        held = set(self._held(offsets))
        for partition, offset in offsets.items():
            if self._consumer is not None and TopicPartition(*partition) in held:
                self._consumer.seek(TopicPartition(*partition), offset)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Pauses the partitions that are still ours."""
        if self._consumer is not None:
            self._consumer.pause(*self._held(partitions))

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Resumes the partitions that are still ours."""
        if self._consumer is not None:
            self._consumer.resume(*self._held(partitions))

    async def stop(self) -> None:
        """Leaves the group, within a bound."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await leave(consumer)

    async def _joined(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                *self._topics,
                **self._access.options(),
                group_id=self._group,
                enable_auto_commit=False,
                # An offset that its log does not hold is a finding, never a silent jump.
                auto_offset_reset="none",
                metadata_max_age_ms=int(METADATA_MAX_AGE.total_seconds() * 1000),
                session_timeout_ms=int(SESSION.total_seconds() * 1000),
                heartbeat_interval_ms=3_000,
                # A batch that waits for a database that is away keeps its partitions this long.
                max_poll_interval_ms=300_000,
                fetch_max_wait_ms=100,
                max_partition_fetch_bytes=4 * MAX_REQUEST_BYTES,
            )
            try:
                async with asyncio.timeout(JOIN_TIMEOUT.total_seconds()):
                    await consumer.start()
            except BaseException:
                await leave(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        """Seeks to where the group reads on, whenever the assignment is another one than that which was sought for."""
        assignment = _assignment(consumer)
        if assignment is None or assignment is self._placed:
            return

        async def committed() -> dict[Partition, int]:
            everywhere = [TopicPartition(topic, n) for topic in self._topics for n in consumer.partitions_for_topic(topic) or ()]
            kept = await bounded(consumer._coordinator.fetch_committed_offsets(everywhere), self._timeout)
            return {Partition(*partition): entry.offset for partition, entry in kept.items() if entry.offset >= 0}

        logs = await bounded(logs_of(consumer, assignment.tps), self._timeout) if assignment.tps else {}
        positions = await self._look_up(logs, committed) if logs else {}
        if _assignment(consumer) is assignment:
            for partition, offset in positions.items():
                consumer.seek(TopicPartition(*partition), offset)
            self._placed = assignment

    def _held(self, partitions: Iterable[Partition]) -> list[TopicPartition]:
        held = self._consumer.assignment() if self._consumer is not None else frozenset()
        return [TopicPartition(*partition) for partition in partitions if TopicPartition(*partition) in held]


def _assignment(consumer: AIOKafkaConsumer) -> Any:
    subscription = consumer._subscription.subscription
    return None if subscription is None else subscription.assignment


def _message(record: Any) -> Message:
    # Kafka knows headers without a value; none of ours is.
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Message(record.topic, record.partition, record.offset, record.key, record.value, headers)
