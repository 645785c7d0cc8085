"""Offsets belong to groups, partitions to one consumer of a group at a time."""

import asyncio

from shared.bus.interface import Consumer, Message, Outgoing, Partition
from tests.contract.bus.adapters import (
    PATIENCE,
    WAIT,
    BusUnderTest,
    a_key_for_each_partition,
    next_offsets,
    numbered,
    numbers_of,
    read,
)


async def test_a_new_group_starts_with_the_oldest_message(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, b"a", range(5)))
    first = await under_test.consumer(under_test.group(), topic)
    await first.commit(next_offsets(await read(first, 5)))

    second = await under_test.consumer(under_test.group(), topic)

    assert numbers_of(await read(second, 5)) == [0, 1, 2, 3, 4]


async def test_a_group_reads_only_the_topics_it_names(under_test: BusUnderTest) -> None:
    wanted, also, unwanted = [await under_test.topic(partitions=1) for _ in range(3)]
    publisher = await under_test.publisher()
    await publisher.publish([Outgoing(topic, b"a", b"1") for topic in (unwanted, wanted, also, unwanted)])

    messages = await read(await under_test.consumer(under_test.group(), wanted, also), 2)

    assert sorted(message.topic for message in messages) == sorted([wanted, also])


async def test_a_restart_goes_on_exactly_at_the_committed_offsets(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=3)
    keys = await a_key_for_each_partition(under_test, 3)
    publisher = await under_test.publisher()
    for key in keys:
        await publisher.publish(numbered(topic, key, range(10)))
    group = under_test.group()
    consumer = await under_test.consumer(group, topic)
    await read(consumer, 30)

    # The third partition is left uncommitted: it is read again from its start.
    await consumer.commit({Partition(topic, 0): 4, Partition(topic, 1): 9})
    await consumer.stop()
    successor = await under_test.consumer(group, topic)
    messages = await read(successor, 6 + 1 + 10)

    again = [numbers_of([message for message in messages if message.partition == number]) for number in range(3)]
    assert again == [[4, 5, 6, 7, 8, 9], [9], list(range(10))]

    await successor.commit(next_offsets(messages))
    await successor.stop()
    await publisher.publish(numbered(topic, keys[0], [10]))
    assert numbers_of(await read(await under_test.consumer(group, topic), 1)) == [10]


async def test_rewind_reads_again_from_there(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=2)
    keys = await a_key_for_each_partition(under_test, 2)
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, keys[0], range(10)) + numbered(topic, keys[1], range(10)))
    consumer = await under_test.consumer(under_test.group(), topic)
    await read(consumer, 20)

    consumer.rewind({Partition(topic, 0): 7, Partition(topic, 5): 0, Partition("contract.nobodys.v1", 0): 3})
    await publisher.publish(numbered(topic, keys[1], [10]))
    messages = await read(consumer, 4)

    assert numbers_of([message for message in messages if message.partition == 0]) == [7, 8, 9]
    assert numbers_of([message for message in messages if message.partition == 1]) == [10]


async def test_a_paused_partition_rests_until_it_is_resumed(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=2)
    keys = await a_key_for_each_partition(under_test, 2)
    publisher = await under_test.publisher()
    await publisher.publish(numbered(topic, keys[0], [0]) + numbered(topic, keys[1], [0]))
    consumer = await under_test.consumer(under_test.group(), topic)
    await read(consumer, 2)

    # As the processor does with a message that has to wait: back to it, and pause.
    consumer.rewind({Partition(topic, 0): 0})
    consumer.pause([Partition(topic, 0)])
    for number in range(1, 4):
        await publisher.publish(numbered(topic, keys[0], [number]) + numbered(topic, keys[1], [number]))
        assert {message.partition for message in await read(consumer, 1)} == {1}

    consumer.resume([Partition(topic, 0)])
    assert numbers_of(await read(consumer, 4)) == [0, 1, 2, 3]


async def _poll(consumer: Consumer, into: list[Message], enough: asyncio.Event) -> None:
    while not enough.is_set():
        messages = await consumer.fetch(most=20, wait=WAIT)
        into.extend(messages)
        await consumer.commit(next_offsets(messages))


async def test_two_consumers_of_a_group_never_read_one_message_both(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=4)
    keys = await a_key_for_each_partition(under_test, 4)
    publisher = await under_test.publisher()
    group = under_test.group()
    received: list[list[Message]] = [[], []]
    stops = [asyncio.Event(), asyncio.Event()]
    consumers = [await under_test.consumer(group, topic, bus=bus) for bus in (under_test.bus, await under_test.other_bus())]
    polling = [asyncio.create_task(_poll(*parts)) for parts in zip(consumers, received, stops, strict=True)]

    async def all_read(marks: set[int]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not all(marks <= {int(m.value or b"") for m in received[0] + received[1] if m.partition == n} for n in range(4)):
                await asyncio.sleep(0.02)

    async def publish(mark: int) -> None:
        await publisher.publish([message for key in keys for message in numbered(topic, key, [mark])])

    # While the consumers find together a message may be read twice: by the one who had it, and by the one who gets its partition.
    for mark in range(10):
        await publish(mark)
        await all_read({mark})
        await asyncio.sleep(0.05)
    for messages in received:
        messages.clear()
    for mark in range(100, 140):
        await publish(mark)
    await all_read(set(range(100, 140)))

    sources = [{message.source for message in messages} for messages in received]
    assert sources[0].isdisjoint(sources[1])
    assert sorted(numbers_of(received[0] + received[1])) == sorted(list(range(100, 140)) * 4)

    # One stops: the other reads what comes then, and nothing that had been committed.
    gone = 0 if sources[0] else 1
    stops[gone].set()
    await polling[gone]
    await consumers[gone].stop()
    received[1 - gone].clear()
    await publish(200)
    await all_read({200})
    stops[1 - gone].set()
    await polling[1 - gone]
    assert sorted(numbers_of(received[1 - gone])) == [200] * 4


async def test_a_commit_for_a_partition_that_moved_on_is_discarded(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=2)
    publisher = await under_test.publisher()
    keys = await a_key_for_each_partition(under_test, 2)
    await publisher.publish(numbered(topic, keys[0], range(3)) + numbered(topic, keys[1], range(3)))
    group = under_test.group()
    first = await under_test.consumer(group, topic)
    messages = await read(first, 6)
    second = await under_test.consumer(group, topic, bus=await under_test.other_bus())
    await under_test.backstage.move_on()
    moved = {message.source for message in await read(second, 3)}

    await first.commit(next_offsets(messages))

    await first.stop()
    await second.stop()
    again = await read(await under_test.consumer(group, topic), 3 * len(moved))
    assert {message.source for message in again} == moved
    assert numbers_of(again) == [0, 1, 2] * len(moved)
