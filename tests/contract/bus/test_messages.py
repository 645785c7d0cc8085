"""A published message is kept, stays in order, and comes out as it went in."""

import asyncio
import random
from typing import Literal

import pytest

from shared.bus.interface import MessageTooLargeError, Outgoing
from shared.bus.kafka.bus import KafkaBus
from shared.bus.partitioning import partition_of
from shared.events.topics import TOPICS
from tests.contract.bus.adapters import BusUnderTest, numbered, numbers_of, read


async def test_publish_returns_only_once_all_is_kept(under_test: BusUnderTest) -> None:
    topic = await under_test.topic()
    publisher = await under_test.publisher()
    for published in range(1, 6):
        await publisher.publish(numbered(topic, b"a", range(20)) + numbered(topic, b"b", range(20)))
        assert await under_test.backstage.kept(topic) == 40 * published


async def test_publishing_nothing_is_allowed(under_test: BusUnderTest) -> None:
    publisher = await under_test.publisher()
    await publisher.publish([])


async def test_messages_of_a_key_stay_in_order_and_in_one_partition(under_test: BusUnderTest) -> None:
    topic = await under_test.topic()
    publisher = await under_test.publisher()
    keys = [b"school-%d" % number for number in range(12)]
    for first in range(0, 60, 20):
        await publisher.publish(
            [message for number in range(first, first + 20) for key in keys for message in numbered(topic, key, [number])]
        )

    consumer = await under_test.consumer(under_test.group(), topic)
    messages = await read(consumer, 720, most=50)

    assert len(messages) == 720
    for key in keys:
        of_key = [message for message in messages if message.key == key]
        assert numbers_of(of_key) == list(range(60))
        assert len({message.partition for message in of_key}) == 1
    assert len({message.partition for message in messages}) > 1


async def test_everything_comes_out_as_it_went_in(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=1)
    every_byte = bytes(range(256))
    headers = (
        ("ce_id", b"a"),
        ("binary", every_byte),
        ("empty", b""),
        ("twice", b"1"),
        ("twice", b"2"),
        ("r\u0101nei", "t\u014d".encode()),
        ("tabbed\tname\x00", b'"\\'),
    )
    sent = [
        Outgoing(topic, b"key", b"value", headers),
        Outgoing(topic, every_byte, every_byte),
        Outgoing(topic, b"gone", None),
        Outgoing(topic, b"gone-with-headers", None, (("why", b"left"),)),
        Outgoing(topic, b"empty", b""),
        Outgoing(topic, b"", b"no key to speak of"),
    ]
    publisher = await under_test.publisher()
    await publisher.publish(sent)

    messages = await read(await under_test.consumer(under_test.group(), topic), len(sent))

    assert [Outgoing(message.topic, message.key or b"", message.value, message.headers) for message in messages] == sent
    assert [message.offset for message in messages] == [0, 1, 2, 3, 4, 5]
    assert {message.source for message in messages} == {(topic, 0)}


async def test_five_thousand_messages_in_one_batch(under_test: BusUnderTest) -> None:
    topic = await under_test.topic()
    publisher = await under_test.publisher()
    await publisher.publish([Outgoing(topic, b"%d" % (number % 50), b"%d" % number) for number in range(5_000)])

    messages = await read(await under_test.consumer(under_test.group(), topic), 5_000)

    assert sorted(numbers_of(messages)) == list(range(5_000))
    for key in {message.key for message in messages}:
        numbers = numbers_of([message for message in messages if message.key == key])
        assert numbers == sorted(numbers)


async def test_values_as_large_as_a_roll_of_five_hundred_marks(under_test: BusUnderTest) -> None:
    topic = await under_test.topic()
    noise = random.Random(7)
    values = [noise.randbytes(100_000) for _ in range(30)] + [noise.randbytes(949_000)]
    publisher = await under_test.publisher()
    await publisher.publish([Outgoing(topic, b"0999", value) for value in values])

    messages = await read(await under_test.consumer(under_test.group(), topic), len(values))

    assert [message.value for message in messages] == values


async def test_a_message_that_is_too_large_is_refused_before_any_is_sent(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=1)
    publisher = await under_test.publisher()
    with pytest.raises(MessageTooLargeError):
        await publisher.publish([*numbered(topic, b"k", [1]), Outgoing(topic, b"k", b"x" * 950_000)])
    await publisher.publish(numbered(topic, b"k", [2]))
    assert numbers_of(await read(await under_test.consumer(under_test.group(), topic), 1)) == [2]


async def test_a_reader_who_keeps_up_with_many_writers_misses_nothing(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=2)
    buses = [under_test.bus, await under_test.other_bus(), await under_test.other_bus()]
    publishers = [await under_test.publisher(bus) for bus in buses for _ in range(2)]
    consumer = await under_test.consumer(under_test.group(), topic)

    async def write(number: int) -> None:
        for turn in range(20):
            await publishers[number % 6].publish(numbered(topic, b"writer-%d" % number, range(5 * turn, 5 * turn + 5)))

    reading = asyncio.create_task(read(consumer, 1_200, most=37))
    await asyncio.gather(*(write(number) for number in range(12)))
    messages = await reading

    for partition in {message.partition for message in messages}:
        offsets = [message.offset for message in messages if message.partition == partition]
        assert offsets == list(range(len(offsets)))
    for number in range(12):
        assert numbers_of([message for message in messages if message.key == b"writer-%d" % number]) == list(range(100))


async def test_the_topics_of_the_catalogue_can_be_ensured_again(under_test: BusUnderTest) -> None:
    await asyncio.gather(*(bus.ensure_topics() for bus in (under_test.bus, await under_test.other_bus())))
    publisher = await under_test.publisher()
    kept = [await under_test.backstage.kept(topic.name) for topic in TOPICS]
    await publisher.publish([Outgoing(topic.name, b"k", b"v") for topic in TOPICS])

    await under_test.bus.ensure_topics()

    await publisher.publish([Outgoing(topic.name, b"k", b"v") for topic in TOPICS])
    assert [await under_test.backstage.kept(topic.name) for topic in TOPICS] == [before + 2 for before in kept]


async def test_ping_answers(under_test: BusUnderTest) -> None:
    await under_test.bus.ping()


async def test_a_keys_partition_is_the_one_that_is_told(under_test: BusUnderTest) -> None:
    topic = await under_test.topic(partitions=5)
    publisher = await under_test.publisher()
    keys = [b"%04d" % number for number in range(40)]
    await publisher.publish([Outgoing(topic, key, b"") for key in keys])
    bus: Literal["embedded", "kafka"] = "kafka" if isinstance(under_test.bus, KafkaBus) else "embedded"
    for message in await read(await under_test.consumer(under_test.group(), topic), len(keys)):
        assert message.partition == partition_of(bus, message.key or b"", 5)
