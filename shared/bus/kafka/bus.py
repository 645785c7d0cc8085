"""The bus on Apache Kafka, through aiokafka.

Every wait has a bound of its own: an idempotent producer retries for ever while the broker is gone, and a consumer's commit does too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.structs import TopicPartition

from shared.bus.interface import (
    BusRefusedError,
    BusUnavailableError,
    Partition,
    Positions,
    Standing,
    TopicDifference,
    check_topics,
    committed_positions,
)
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.consumer import KafkaConsumer
from shared.bus.kafka.ending import STOP_TIMEOUT, UNAVAILABLE, bounded, leave
from shared.bus.kafka.lag import commits, lags
from shared.bus.kafka.logs import logs_of
from shared.bus.kafka.publisher import REQUEST_TIMEOUT, KafkaPublisher
from shared.bus.kafka.records import install as install_reader
from shared.bus.kafka.topic_settings import differences, settings_of
from shared.bus.lag import GroupLag
from shared.clock import utc_now
from shared.events.topics import TOPICS, Topic

ADMIN_TIMEOUT: Final = timedelta(seconds=5)


class KafkaBus:
    """Publishers and consumers of one cluster."""

    def __init__(self, access: KafkaAccess, *, partitions: int, publish_timeout: timedelta) -> None:
        install_reader()
        self._access = access
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
        return KafkaPublisher(self._access, self._publish_timeout)

    def consumer(self, group: str, topics: Sequence[str], positions: Positions = committed_positions) -> KafkaConsumer:
        """A new consumer, not started."""
        return KafkaConsumer(self._access, group, topics, self._publish_timeout, positions)

    async def missing_topics(self) -> list[str]:
        """Compares the cluster's topics with the catalogue."""
        async with self._admin() as admin:
            existing = set(await admin.list_topics())
        return [topic.name for topic in TOPICS if topic.name not in existing]

    async def topic_differences(self, read_partitions: Mapping[str, int]) -> list[TopicDifference]:
        """Asks the cluster for the settings of our topics, its own defaults included."""
        async with self._admin() as admin:
            existing = set(await admin.list_topics())
            topics = [topic for topic in TOPICS if topic.name in existing]
            if not topics:
                return []
            described = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics([topic.name for topic in topics])}
            asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
            answers = [answer for response in await admin.describe_configs(asked) for answer in response.resources]
        settings: dict[str, dict[str, str]] = {}
        for code, _, _, name, entries in answers:
            if code:
                raise BusUnavailableError(f"the settings of {name} can't be read: {for_code(code).__name__}")
            settings[name] = {entry[0]: entry[1] for entry in entries}
        return [
            difference
            for topic in topics
            for difference in differences(
                topic,
                settings[topic.name],
                partitions=len(described[topic.name]),
                replicas=min(len(partition["replicas"]) for partition in described[topic.name]),
                wanted_partitions=self._partitions,
                read_partitions=read_partitions.get(topic.name, 0),
            )
        ]

    async def lags(self) -> list[GroupLag]:
        """Reads the groups' commits, and for each partition that is behind the message that waits."""
        async with self._admin() as admin:
            committed = await commits(admin)
        async with self._reader({at.topic for offsets in committed.values() for at in offsets}) as reader:
            return await lags(reader, committed, utc_now())

    async def standing(self, group: str, topics: Sequence[str]) -> Standing:
        """Asks the cluster for the group's commits and for the logs."""
        async with self._admin() as admin:
            # A reader would wait for a topic that is missing.
            check_topics(topics, await admin.list_topics())
            kept = await admin.list_consumer_group_offsets(group)
        committed = {Partition(*at): position.offset for at, position in kept.items() if at.topic in topics and position.offset >= 0}
        async with self._reader(topics) as reader:
            logs = await logs_of(reader, [TopicPartition(topic, n) for topic in topics for n in reader.partitions_for_topic(topic) or ()])
        return Standing(logs, committed)

    async def ping(self) -> None:
        """Asks the cluster for its topics."""
        async with self._admin() as admin:
            await admin.list_topics()

    async def close(self) -> None:
        """Nothing is shared."""

    @asynccontextmanager
    async def _reader(self, topics: Iterable[str]) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer of no group that knows the topics' partitions, and has none assigned."""
        reader = AIOKafkaConsumer(*topics, **self._access.options(), group_id=None, enable_auto_commit=False)
        try:
            await bounded(reader.start(), REQUEST_TIMEOUT.total_seconds())
            # It takes all partitions of its topics by itself until it is given others.
            reader.unsubscribe()
            yield reader
        except UNAVAILABLE as error:
            raise BusUnavailableError(type(error).__name__) from error
        finally:
            await leave(reader)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin: AIOKafkaAdminClient | None = None
        try:
            admin = AIOKafkaAdminClient(**self._access.options(), request_timeout_ms=int(ADMIN_TIMEOUT.total_seconds() * 1000))
            async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
                await admin.start()
                yield admin
        except UNAVAILABLE as error:
            refusal = await self._access.refusal()
            if refusal is not None:
                raise BusRefusedError(refusal) from error
            raise BusUnavailableError(type(error).__name__) from error
        finally:
            if admin is not None:
                with suppress(*UNAVAILABLE):
                    await asyncio.wait_for(admin.close(), STOP_TIMEOUT)

    def _new_topic(self, topic: Topic) -> NewTopic:
        # -1: as many replicas as the cluster's default says, which aiokafka lets through only beside an assignment, be it empty.
        return NewTopic(topic.name, self._partitions, -1, replica_assignments={}, topic_configs=settings_of(topic))
