"""How far the groups of a Kafka cluster are behind, on the topics of the catalogue."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from shared.bus.lag import GroupLag
from shared.events.topics import TOPICS

FETCH_TIMEOUT_MS: Final = 2000
"""For the one message whose age is asked for; a broker answers in milliseconds."""

Commits = Mapping[str, Mapping[TopicPartition, int]]
"""The offset to read next that each group has committed."""


async def commits(admin: AIOKafkaAdminClient) -> Commits:
    """The commits of every group that reads a topic of the catalogue. Raises KafkaError."""
    ours = {topic.name for topic in TOPICS}
    found = {}
    for group, *_ in sorted(await admin.list_consumer_groups()):
        kept = await admin.list_consumer_group_offsets(group)
        if offsets := {at: position.offset for at, position in kept.items() if at.topic in ours}:
            found[group] = offsets
    return found


async def lags(reader: AIOKafkaConsumer, commits: Commits, now: datetime) -> list[GroupLag]:
    """Every group at every partition of its topics. `reader` is started, and of no group. Raises KafkaError."""
    places = [(group, at, offsets.get(at)) for group, offsets in commits.items() for at in _partitions(reader, offsets)]
    partitions = {at for _, at, _ in places}
    oldest, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    found = []
    for group, at, committed in places:
        position = max(committed or 0, oldest[at])
        seconds = await _waited(reader, at, position, now) if position < ends[at] else 0.0
        found.append(GroupLag(group, at.topic, at.partition, position, ends[at], seconds))
    return found


def _partitions(reader: AIOKafkaConsumer, committed: Mapping[TopicPartition, int]) -> Iterator[TopicPartition]:
    """All partitions of the topics, those without a commit included."""
    for topic in sorted({at.topic for at in committed}):
        for number in sorted(reader.partitions_for_topic(topic) or ()):
            yield TopicPartition(topic, number)


async def _waited(reader: AIOKafkaConsumer, at: TopicPartition, position: int, now: datetime) -> float:
    """How long ago the first message from this position on was written."""
    reader.assign([at])
    reader.seek(at, position)
    records = (await reader.getmany(at, timeout_ms=FETCH_TIMEOUT_MS, max_records=1)).get(at, [])
    return max(0.0, now.timestamp() - records[0].timestamp / 1000) if records else 0.0
