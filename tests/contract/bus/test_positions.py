"""A group that keeps its own positions reads on there, whatever was committed, and hears what its logs hold now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from shared.bus.interface import BusUnavailableError, Committed, Log, Partition
from tests.contract.bus.adapters import WAIT, BusUnderTest, next_offsets, numbered, numbers_of, read


@dataclass
class Chosen:
    """Positions that a test chooses; by default, the beginning."""

    offset: int | None = None
    asked: list[Mapping[Partition, Log]] = field(default_factory=list)
    committed: Mapping[Partition, int] = field(default_factory=dict)

    async def __call__(self, logs: Mapping[Partition, Log], committed: Committed) -> Mapping[Partition, int]:
        self.asked.append(logs)
        self.committed = await committed()
        return {partition: log.oldest if self.offset is None else self.offset for partition, log in logs.items()}


async def test_a_group_reads_on_at_its_own_positions(under_test: BusUnderTest) -> None:
    topic, group = await under_test.topic(partitions=1), under_test.group()
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(10)))
    first = await under_test.consumer(group, topic)
    await first.commit(next_offsets(await read(first, 10)))
    await first.stop()

    chosen = Chosen(4)
    consumer = await under_test.consumer(group, topic, positions=chosen)

    assert numbers_of(await read(consumer, 6)) == [4, 5, 6, 7, 8, 9]
    assert chosen.committed == {Partition(topic, 0): 10}
    [logs] = chosen.asked
    assert (logs[Partition(topic, 0)].oldest, logs[Partition(topic, 0)].end) == (0, 10)
    chosen.offset = 8
    assert await consumer.fetch(most=10, wait=WAIT) == []
    consumer.relocate()
    assert numbers_of(await read(consumer, 2)) == [8, 9]


async def test_who_is_no_consumer_sees_where_a_group_stands(under_test: BusUnderTest) -> None:
    topic, group = await under_test.topic(partitions=2), under_test.group()
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(10)))
    chosen = Chosen()
    consumer = await under_test.consumer(group, topic, positions=chosen)
    offsets = next_offsets(await read(consumer, 10))
    await consumer.commit(dict.fromkeys(offsets, 7))

    standing = await under_test.bus.standing(group, [topic])
    assert standing.logs == chosen.asked[-1]
    assert standing.committed == dict.fromkeys(offsets, 7)
    assert (await under_test.bus.standing(under_test.group(), [topic])).committed == {}
    with pytest.raises(BusUnavailableError, match="does not exist"):
        await under_test.bus.standing(group, [topic, f"{topic}.not-there"])


async def test_a_log_says_where_it_begins_and_since_when(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(5)))
    await under_test.backstage.forget_before(Partition(topic, 0), 3)

    chosen = Chosen()
    consumer = await under_test.consumer(under_test.group(), topic, positions=chosen)

    assert numbers_of(await read(consumer, 2)) == [3, 4]
    log = chosen.asked[0][Partition(topic, 0)]
    assert (log.oldest, log.end) == (3, 5)
    assert log.oldest_at is not None


async def test_a_topic_that_was_made_again_is_another_one(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=2)
    chosen = Chosen()
    consumer = await under_test.consumer(under_test.group(), topic, positions=chosen)
    await consumer.fetch(most=10, wait=WAIT)
    await consumer.stop()
    await under_test.backstage.delete_topic(topic)
    await under_test.backstage.create_topic(topic, 2)

    again = await under_test.consumer(under_test.group(), topic, positions=chosen)
    await again.fetch(most=10, wait=WAIT)

    before, after = [{log.topic_id for log in logs.values()} for logs in (chosen.asked[0], chosen.asked[-1])]
    assert len(before) == len(after) == 1
    assert None not in before | after
    assert before != after


async def test_an_offset_that_the_log_does_not_hold_stops_nobody(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"k", range(5)))
    await under_test.backstage.forget_before(Partition(topic, 0), 4)
    asked = 0

    async def first_wrong(logs: Mapping[Partition, Log], _: Committed) -> Mapping[Partition, int]:
        nonlocal asked
        asked += 1
        return {partition: 1 if asked == 1 else log.oldest for partition, log in logs.items()}

    consumer = await under_test.consumer(under_test.group(), topic, positions=first_wrong)

    assert numbers_of(await read(consumer, 1)) == [4]
