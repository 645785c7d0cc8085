"""Partitions as the cluster has them now."""

from collections.abc import Iterable
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndTimestamp, TopicPartition

from shared.bus.interface import Log, Partition
from shared.bus.kafka.topic_ids import topic_ids


async def logs_of(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> dict[Partition, Log]:
    """Asks for these partitions with a consumer that is started, of a group or of none. Raises KafkaError."""
    wanted = sorted(partitions)
    ids = await topic_ids(consumer._client, sorted({partition.topic for partition in wanted}))
    oldest = await consumer.beginning_offsets(wanted)
    end = await consumer.end_offsets(wanted)
    first = await consumer.offsets_for_times(dict.fromkeys(wanted, 0))
    return {
        Partition(*partition): Log(ids.get(partition.topic), oldest[partition], end[partition], _time(first.get(partition)))
        for partition in wanted
    }


def _time(first: OffsetAndTimestamp | None) -> datetime | None:
    return None if first is None or first.timestamp is None else datetime.fromtimestamp(first.timestamp / 1000, UTC)
