"""Topics that somebody made before us: which settings lose data, which only differ."""

import pytest

from shared.bus.kafka.topic_settings import differences, settings_of
from shared.events.topics import MARKS, STUDENTS, TOPICS, Topic

DEFAULTS = {
    "cleanup.policy": "delete",
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "max.compaction.lag.ms": "9223372036854775807",
    "max.message.bytes": "1048588",
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": "1",
}


def differing(topic: Topic, changes: dict[str, str], *, partitions: int = 8, replicas: int = 1, read: int = 0) -> dict[str, bool]:
    """The settings that differ, each with whether it loses data, of a topic as we make it but for the changes."""
    found = {**DEFAULTS, **settings_of(topic), **changes}
    seen = differences(topic, found, partitions=partitions, replicas=replicas, wanted_partitions=8, read_partitions=read)
    return {difference.setting: difference.loses for difference in seen}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_as_we_make_it_differs_in_nothing(topic: Topic) -> None:
    assert differing(topic, {}) == {}


@pytest.mark.parametrize(
    ("topic", "changes", "expected"),
    [
        (STUDENTS, {"cleanup.policy": "delete"}, {"cleanup.policy": True}),
        (STUDENTS, {"cleanup.policy": "compact,delete"}, {"cleanup.policy": True}),
        (STUDENTS, {"max.compaction.lag.ms": "604800000"}, {"max.compaction.lag.ms": False}),
        (STUDENTS, {"max.compaction.lag.ms": "3600000"}, {}),
        (MARKS, {"cleanup.policy": "compact"}, {"cleanup.policy": True}),
        (MARKS, {"cleanup.policy": "delete, compact"}, {"cleanup.policy": True}),
        (MARKS, {"retention.ms": "604800000"}, {"retention.ms": True}),
        (MARKS, {"retention.ms": "34559999999"}, {"retention.ms": True}),
        (MARKS, {"retention.ms": "34560000001"}, {"retention.ms": False}),
        (MARKS, {"retention.ms": "-1"}, {"retention.ms": False}),
        (MARKS, {"retention.bytes": "1073741824"}, {"retention.bytes": True}),
        (MARKS, {"max.message.bytes": "100000"}, {"max.message.bytes": False}),
        (MARKS, {"min.insync.replicas": "2"}, {"min.insync.replicas": False}),
        (MARKS, {"message.timestamp.type": "CreateTime"}, {"message.timestamp.type": False}),
        (STUDENTS, {"message.timestamp.type": "CreateTime"}, {"message.timestamp.type": False}),
    ],
)
def test_a_setting_that_is_not_ours(topic: Topic, changes: dict[str, str], expected: dict[str, bool]) -> None:
    assert differing(topic, changes) == expected


def test_one_replica_of_three_is_not_enough() -> None:
    assert differing(MARKS, {}, replicas=3) == {"min.insync.replicas": False}
    assert differing(MARKS, {"min.insync.replicas": "2"}, replicas=3) == {}


def test_other_partitions_differ_and_fewer_than_were_read_lose() -> None:
    assert differing(MARKS, {}, partitions=4, read=4) == {"partitions": False}
    assert differing(MARKS, {}, partitions=12, read=12) == {"partitions": False}
    assert differing(MARKS, {}, partitions=4, read=5) == {"partitions": True}


def test_each_difference_says_how_to_alter_it() -> None:
    found = {**DEFAULTS, **settings_of(MARKS), "retention.ms": "1"}
    seen = list(differences(MARKS, found, partitions=1, replicas=1, wanted_partitions=8, read_partitions=8))
    assert [(difference.setting, difference.fix) for difference in seen] == [
        ("partitions", "kafka-topics --alter --topic star.marks.v1 --partitions 8"),
        (
            "retention.ms",
            "kafka-configs --alter --entity-type topics --entity-name star.marks.v1 --add-config retention.ms=34560000000",
        ),
    ]
    assert str(seen[1]) == (
        "star.marks.v1: retention.ms is 1, and ours is 34560000000: events would be deleted before they are 400 days old"
    )
