"""The bus on Kafka, beyond the contract."""

import asyncio
import random

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from deploy.kafka.broker import KafkaBroker
from shared.bus.interface import BusUnavailableError, MessageTooLargeError, Outgoing
from shared.events.envelope import PoisonMessageError, decode, time_of
from shared.events.topics import DEAD_LETTERS, STUDENTS
from tests.contract.bus.adapters import PATIENCE, WAIT, BusUnderTest, KafkaBackstage, numbered, numbers_of, read

pytestmark = pytest.mark.kafka


@pytest.fixture
def backstage(kafka_broker: KafkaBroker) -> KafkaBackstage:
    return KafkaBackstage(kafka_broker.bootstrap)


async def test_messages_that_others_wrote_are_read_as_they_are(under_test: BusUnderTest, backstage: KafkaBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    stranger = AIOKafkaProducer(bootstrap_servers=backstage.bootstrap)
    await stranger.start()
    await stranger.send_and_wait(topic, value=b"no key", headers=[("nothing", None), ("something", b"x")])
    await stranger.stop()

    [message] = await read(await under_test.consumer(under_test.group(), topic), 1)

    assert (message.key, message.value, message.headers) == (None, b"no key", (("nothing", b""), ("something", b"x")))


class RawName(str):
    """A header's name of any octets, as a client in another language may write it."""

    octets = b"ce_\xff\xfe"

    def encode(self, *_: str) -> bytes:
        return self.octets


@pytest.mark.parametrize("compression", [None, "lz4", "gzip"])
async def test_a_header_whose_name_is_no_text_stops_nobody(
    under_test: BusUnderTest, backstage: KafkaBackstage, monkeypatch: pytest.MonkeyPatch, compression: str | None
) -> None:
    # aiokafka's compiled writer takes no such name.
    for module in ("message_accumulator", "producer"):
        monkeypatch.setattr(f"aiokafka.producer.{module}.DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    topic = await under_test.topic(partitions=1)
    stranger = AIOKafkaProducer(bootstrap_servers=backstage.bootstrap, compression_type=compression, linger_ms=500)
    await stranger.start()
    # In one batch: the records before and behind it are read once each, too.
    names: list[str] = ["before", RawName("x"), "between", RawName("y"), "behind"]
    sent = [
        await stranger.send(topic, value=b"%d" % number, key=b"k", headers=[("ce_id", b"1"), (name, b"v")])
        for number, name in enumerate(names)
    ]
    await asyncio.gather(*sent)
    await stranger.stop()

    consumer = await under_test.consumer(under_test.group(), topic)
    messages = await read(consumer, 5, most=2)
    assert [(message.offset, message.value) for message in messages] == [(number, b"%d" % number) for number in range(5)]
    assert [message.headers[1][0] for message in messages] == ["before", "ce_\ufffd\ufffd", "between", "ce_\ufffd\ufffd", "behind"]
    assert await consumer.fetch(most=2, wait=WAIT) == []
    with pytest.raises(PoisonMessageError, match="the name of a header is not text"):
        decode(messages[1])
    assert time_of(messages[1]) is None


async def test_topics_are_kept_as_the_catalogue_says(under_test: BusUnderTest, backstage: KafkaBackstage) -> None:
    await under_test.bus.ensure_topics()
    admin = AIOKafkaAdminClient(bootstrap_servers=backstage.bootstrap)
    await admin.start()
    try:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in (STUDENTS, DEAD_LETTERS)]
        answers = await admin.describe_configs(asked)
    finally:
        await admin.close()
    students, dead_letters = [{entry[0]: entry[1] for entry in resource[4]} for answer in answers for resource in answer.resources]

    assert students["cleanup.policy"] == "compact"
    assert students["max.compaction.lag.ms"] == "86400000"
    assert dead_letters["cleanup.policy"] == "delete"
    assert dead_letters["retention.ms"] == "7776000000"
    assert students["message.timestamp.type"] == dead_letters["message.timestamp.type"] == "LogAppendTime"


async def test_a_topic_that_comes_later_is_read_without_a_restart(under_test: BusUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    # By default a consumer waits half a minute for its topics before it says that they are not there.
    monkeypatch.setattr("shared.bus.kafka.consumer.JOIN_TIMEOUT", 5 * WAIT)
    publisher = await under_test.publisher()
    consumer = await under_test.consumer(under_test.group(), "contract.kafka-later.v1")
    with pytest.raises(BusUnavailableError):
        await consumer.fetch(most=10, wait=WAIT)

    await under_test.backstage.create_topic("contract.kafka-later.v1", 1)
    await publisher.publish(numbered("contract.kafka-later.v1", b"k", [1]))

    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                assert numbers_of(await read(consumer, 1)) == [1]
                break
            except BusUnavailableError:
                continue


async def test_what_the_broker_finds_too_large_is_named_and_the_rest_is_kept(under_test: BusUnderTest, backstage: KafkaBackstage) -> None:
    topic = await under_test.topic(partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=backstage.bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "2000"})])
    finally:
        await admin.close()
    publisher = await under_test.publisher()
    large = Outgoing(topic, b"k", random.Random(1).randbytes(5_000))

    with pytest.raises(MessageTooLargeError, match=topic) as refusal:
        await publisher.publish([*numbered(topic, b"k", [1]), large, *numbered(topic, b"k", [2])])
    assert list(refusal.value.refused) == [large]
    await publisher.publish(numbered(topic, b"k", [3]))

    assert numbers_of(await read(await under_test.consumer(under_test.group(), topic), 3)) == [1, 2, 3]
