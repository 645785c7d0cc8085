"""Which partition a key's messages are in: the rule of each bus, for those who ask whose messages a partition held."""

from typing import Final, Literal
from zlib import crc32

from aiokafka.partitioner import DefaultPartitioner

_kafka: Final = DefaultPartitioner()


def partition_of(bus: Literal["embedded", "kafka"], key: bytes, partitions: int) -> int:
    """The number of the partition, of a topic that has so many."""
    if bus == "embedded":
        return crc32(key) % partitions
    number: int = _kafka(key, range(partitions), [])
    return number
