"""The settings of topics that exist: where they differ from ours, and where that loses data."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from shared.bus.interface import TopicDifference
from shared.bus.kafka.publisher import MAX_REQUEST_BYTES
from shared.events.topics import Topic

COMPACT: Final = "compact"
DELETE: Final = "delete"
FOR_EVER: Final = -1
COMPACTED_WITHIN: Final = timedelta(days=1)
"""Left to itself, Kafka compacts when it pays: a quiet topic would keep the names of a student who was removed for ever."""

STAMPED: Final = {"message.timestamp.type": "LogAppendTime"}
"""The age of a message is the broker's to tell. By the time of a producer whose clock is an hour ahead, the broker takes nothing from it;
by that of one whose clock is behind, it deletes what has just come."""

_REPLICATED: Final = 3
"""From so many replicas on, a broker that fails can have been the only one with a message, unless two must have it."""


def settings_of(topic: Topic) -> dict[str, str]:
    """The settings that a topic of ours is created with, in Kafka's names."""
    if topic.retention is None:
        return {"cleanup.policy": COMPACT, "max.compaction.lag.ms": str(_milliseconds(COMPACTED_WITHIN)), **STAMPED}
    return {"retention.ms": str(_milliseconds(topic.retention)), **STAMPED}


def differences(
    topic: Topic, found: Mapping[str, str], *, partitions: int, replicas: int, wanted_partitions: int, read_partitions: int
) -> Iterator[TopicDifference]:
    """Compares a topic that exists with ours.

    `found` has its settings, the broker's defaults included. `read_partitions` is how many of its partitions our groups have read from.
    """
    policies = {policy.strip() for policy in found["cleanup.policy"].split(",")}
    yield from _partitions(topic, partitions, wanted_partitions, read_partitions)
    if topic.retention is None:
        if policies != {COMPACT}:
            yield _lost(topic, "cleanup.policy", found, COMPACT, "the last event of a key would be deleted by its age, and has to stay")
        lag = int(found["max.compaction.lag.ms"])
        if lag > _milliseconds(COMPACTED_WITHIN):
            wanted = str(_milliseconds(COMPACTED_WITHIN))
            yield _kept(topic, "max.compaction.lag.ms", found, wanted, "names of students who were removed stay for longer than a day")
    else:
        if policies != {DELETE}:
            yield _lost(topic, "cleanup.policy", found, DELETE, "an event would be deleted as soon as there is a newer one of its key")
        yield from _retention(topic, topic.retention, found)
    for setting, wanted in STAMPED.items():
        if found[setting] != wanted:
            yield _kept(topic, setting, found, wanted, "nothing is taken from a machine whose clock is an hour ahead")
    if int(found["max.message.bytes"]) < MAX_REQUEST_BYTES:
        yield _kept(
            topic, "max.message.bytes", found, str(MAX_REQUEST_BYTES), "larger messages are halved, or set aside where they can't be"
        )
    least = int(found["min.insync.replicas"])
    if least > replicas:
        yield _kept(topic, "min.insync.replicas", found, str(replicas), "nothing can be written to it")
    elif replicas >= _REPLICATED and least < _REPLICATED - 1:
        yield _kept(topic, "min.insync.replicas", found, str(_REPLICATED - 1), "a message that one broker alone has kept counts as kept")


def _retention(topic: Topic, wanted: timedelta, found: Mapping[str, str]) -> Iterator[TopicDifference]:
    kept = int(found["retention.ms"])
    ours = _milliseconds(wanted)
    if FOR_EVER < kept < ours:
        yield _lost(topic, "retention.ms", found, str(ours), f"events would be deleted before they are {wanted.days} days old")
    elif kept != ours:
        yield _kept(topic, "retention.ms", found, str(ours), f"events stay for longer than {wanted.days} days")
    if int(found["retention.bytes"]) > FOR_EVER:
        yield _lost(topic, "retention.bytes", found, str(FOR_EVER), "events would be deleted by their size, whatever their age")


def _partitions(topic: Topic, partitions: int, wanted: int, read: int) -> Iterator[TopicDifference]:
    needed = max(wanted, read)
    fix = f"kafka-topics --alter --topic {topic.name} --partitions {needed}"
    if partitions < read:
        meaning = "its keys were spread over more: the topic was made again, and what its other partitions held is gone"
        yield TopicDifference(topic.name, "partitions", str(partitions), str(needed), meaning, fix, loses=True)
    elif partitions != wanted:
        meaning = "the most workers of one service that can share it"
        fix = fix if partitions < wanted else f"set STAR_KAFKA_PARTITIONS={partitions}"
        yield TopicDifference(topic.name, "partitions", str(partitions), str(wanted), meaning, fix, loses=False)


def _lost(topic: Topic, setting: str, found: Mapping[str, str], wanted: str, meaning: str) -> TopicDifference:
    return TopicDifference(topic.name, setting, found[setting], wanted, meaning, _alter(topic, setting, wanted), loses=True)


def _kept(topic: Topic, setting: str, found: Mapping[str, str], wanted: str, meaning: str) -> TopicDifference:
    return TopicDifference(topic.name, setting, found[setting], wanted, meaning, _alter(topic, setting, wanted), loses=False)


def _alter(topic: Topic, setting: str, wanted: str) -> str:
    return f"kafka-configs --alter --entity-type topics --entity-name {topic.name} --add-config {setting}={wanted}"


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
