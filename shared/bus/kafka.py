"""The bus on Apache Kafka, through aiokafka.

Every wait has a bound of its own: an idempotent producer retries for ever while the broker is gone, and a consumer's commit does too.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.structs import TopicPartition

from shared.bus.interface import BusUnavailableError, Message, Outgoing, Partition
from shared.events.topics import TOPICS, Topic

log = structlog.get_logger()

T = TypeVar("T")

STOP_TIMEOUT: Final = 5.0
"""Seconds that a producer or consumer may take to leave; a broker that is gone is not waited for any longer."""

REQUEST_TIMEOUT: Final = timedelta(seconds=10)
MAX_REQUEST_BYTES: Final = 1_000_000
"""Below the broker's default of 1 MiB a batch. Our largest event, a roll of 500 marks, is a tenth of it."""

COMPACTED: Final = "compact"


class KafkaPublisher:
    """An idempotent producer with acks from all replicas in step, replaced after a failure.

    After a failed or timed-out send the sequence numbers of a producer can be out of step with the broker's, which it never mends by
    itself; a new producer starts a new sequence.
    """

    def __init__(self, bootstrap: str, timeout: timedelta) -> None:
        self._bootstrap = bootstrap
        self._timeout = timeout.total_seconds()
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Tries to connect; a broker that is away is tried again by each publish."""
        with suppress(BusUnavailableError):
            await self._bounded(self._started())

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Sends the messages in one go and waits for all acks."""
        if not messages:
            return
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._started()
                sent = [
                    await producer.send(message.topic, value=message.value, key=message.key, headers=list(message.headers))
                    for message in messages
                ]
                await asyncio.gather(*sent)
        except MessageSizeTooLargeError:
            raise
        except (KafkaError, OSError, TimeoutError) as error:
            self._retire(producer)
            raise BusUnavailableError(type(error).__name__) from error

    async def stop(self) -> None:
        """Flushes and leaves, within a bound."""
        self._retire(self._producer)
        if self._retiring:
            await asyncio.wait(self._retiring, timeout=STOP_TIMEOUT)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            async with self._starting:
                if self._producer is None:
                    producer = AIOKafkaProducer(
                        bootstrap_servers=self._bootstrap,
                        acks="all",
                        enable_idempotence=True,
                        compression_type="lz4",
                        linger_ms=0,
                        max_request_size=MAX_REQUEST_BYTES,
                        request_timeout_ms=int(REQUEST_TIMEOUT.total_seconds() * 1000),
                    )
                    try:
                        await producer.start()
                    except BaseException:
                        await _stop_quietly(producer)
                        raise
                    self._producer = producer
        return self._producer

    def _retire(self, producer: AIOKafkaProducer | None) -> None:
        if producer is None or producer is not self._producer:
            return
        self._producer = None
        task = asyncio.create_task(_stop_quietly(producer))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _bounded(self, work: Awaitable[T]) -> T:
        return await _bounded(work, self._timeout)


class KafkaConsumer:
    """A member of a consumer group that commits explicit offsets only."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Nothing to do: the first fetch connects."""

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        """Up to `most` messages. Never cancelled from outside: aiokafka would lose what it had already taken."""
        try:
            consumer = await self._joined()
            records = await consumer.getmany(timeout_ms=int(wait.total_seconds() * 1000), max_records=most)
        except (KafkaError, OSError) as error:
            raise BusUnavailableError(type(error).__name__) from error
        return [_message(record) for batch in records.values() for record in batch]

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commits; what a rebalance has taken away is discarded and read again by its new owner."""
        if self._consumer is None:
            return
        held = self._consumer.assignment()
        wanted = {TopicPartition(*partition): offset for partition, offset in offsets.items() if TopicPartition(*partition) in held}
        if not wanted:
            return
        try:
            await _bounded(self._consumer.commit(wanted), REQUEST_TIMEOUT.total_seconds())
        except BusUnavailableError as error:
            if isinstance(error.__cause__, (CommitFailedError, IllegalStateError)):
                log.info("bus.commit_discarded", group=self._group, partitions=len(wanted))
                return
            raise

    def rewind(self, offsets: Mapping[Partition, int]) -> None:
        """Seeks; partitions that a rebalance has taken away are passed over."""
        for partition, offset in offsets.items():
            if self._consumer is not None and TopicPartition(*partition) in self._consumer.assignment():
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
            await _stop_quietly(consumer)

    async def _joined(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                *self._topics,
                bootstrap_servers=self._bootstrap,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                # A worker that was killed is missed after this long; its partitions rest until then.
                session_timeout_ms=10_000,
                heartbeat_interval_ms=3_000,
                # A batch that waits for a database that is away keeps its partitions this long.
                max_poll_interval_ms=300_000,
                fetch_max_wait_ms=100,
                max_partition_fetch_bytes=4 * MAX_REQUEST_BYTES,
            )
            try:
                await consumer.start()
            except BaseException:
                await _stop_quietly(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    def _held(self, partitions: Iterable[Partition]) -> list[TopicPartition]:
        assert self._consumer is not None
        held = self._consumer.assignment()
        return [TopicPartition(*partition) for partition in partitions if TopicPartition(*partition) in held]


class KafkaBus:
    """Publishers and consumers of one cluster."""

    def __init__(self, bootstrap: str, *, partitions: int, publish_timeout: timedelta) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._publish_timeout = publish_timeout

    async def ensure_topics(self) -> None:
        """Creates the topics that are not there; the partitions and settings of existing ones stay."""
        async with self._admin() as admin:
            existing = set(await admin.list_topics())
            missing = [self._new_topic(topic) for topic in TOPICS if topic.name not in existing]
            if missing:
                response = await admin.create_topics(missing)
                for name, code, *_ in response.topic_errors:
                    if code and for_code(code) is not TopicAlreadyExistsError:
                        raise BusUnavailableError(f"the topic {name} was not created: {for_code(code).__name__}")

    def publisher(self) -> KafkaPublisher:
        """A new publisher, not started."""
        return KafkaPublisher(self._bootstrap, self._publish_timeout)

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """A new consumer, not started."""
        return KafkaConsumer(self._bootstrap, group, topics)

    async def ping(self) -> None:
        """Asks the cluster for its topics."""
        async with self._admin() as admin:
            await admin.list_topics()

    async def close(self) -> None:
        """Nothing is shared."""

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=5_000)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
                await admin.start()
                yield admin
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusUnavailableError(type(error).__name__) from error
        finally:
            await _bounded_close(admin.close())

    def _new_topic(self, topic: Topic) -> NewTopic:
        if topic.retention is None:
            config = {"cleanup.policy": COMPACTED}
        else:
            config = {"retention.ms": str(int(topic.retention.total_seconds() * 1000))}
        # -1: as many replicas as the cluster's default says, which aiokafka lets through only beside an assignment, be it empty.
        return NewTopic(topic.name, self._partitions, -1, replica_assignments={}, topic_configs=config)


async def _bounded(work: Awaitable[T], seconds: float) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailableError(type(error).__name__) from error


async def _stop_quietly(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    await _bounded_close(client.stop())


async def _bounded_close(closing: Awaitable[Any]) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT):
            await closing


def _message(record: Any) -> Message:
    return Message(record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers))
