"""How far each group is behind: in records, and in seconds of the record that waits longest."""

from shared.bus.lag import GroupLag
from shared.events.topics import RESPONSES, TOPICS
from tests.contract.bus.adapters import WAIT, BusUnderTest, next_offsets, numbered, read


async def behind(under_test: BusUnderTest, group: str) -> list[GroupLag]:
    return [lag for lag in await under_test.bus.lags() if lag.group == group]


async def test_topics_that_are_missing_are_named(under_test: BusUnderTest) -> None:
    assert set(await under_test.bus.missing_topics()) <= {topic.name for topic in TOPICS}
    await under_test.bus.ensure_topics()
    assert await under_test.bus.missing_topics() == []


async def test_a_group_is_behind_by_what_it_has_not_committed(under_test: BusUnderTest) -> None:
    await under_test.bus.ensure_topics()
    topic, group = RESPONSES.name, under_test.group()
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(group, topic)
    await publisher.publish(numbered(topic, b"a", range(5)))
    assert await behind(under_test, group) == []

    # Whatever other tests have left there is read first.
    messages = await read(consumer, 5)
    while more := await consumer.fetch(most=500, wait=WAIT):
        messages += more
    await consumer.commit(next_offsets(messages))
    caught_up = await behind(under_test, group)
    assert {lag.partition for lag in caught_up} == set(range(len(caught_up)))
    assert len(caught_up) > 1
    assert {(lag.topic, lag.records, lag.seconds) for lag in caught_up} == {(topic, 0, 0.0)}

    await publisher.publish(numbered(topic, b"a", range(3)))
    waiting = [lag for lag in await behind(under_test, group) if lag.records]
    assert [lag.records for lag in waiting] == [3]
    assert 0 <= waiting[0].seconds < 60
    assert not waiting[0].beyond_end
