"""A partner's rights on a broker once the documentation's commands have run, and their bounds."""

import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from shared.bus.factory import create_bus
from shared.settings import Settings
from tests.support.crossings import up
from tests.support.pages import code_blocks
from tests.support.secure_kafka import USERS, SecureBroker, kafka_acls, secure_broker

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    with secure_broker(tmp_path_factory.mktemp("secure-kafka")) as broker:
        yield broker


@pytest.fixture(scope="module")
async def opened(broker: SecureBroker, tmp_path_factory: pytest.TempPathFactory) -> SecureBroker:
    """The broker as the engine and the documentation's commands leave it, with one event."""
    bus = create_bus(
        Settings(data=Path(tmp_path_factory.mktemp("data")), bus="kafka", kafka_bootstrap=broker.bootstrap, kafka_partitions=1)
    )
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    await publisher.publish([up(5, 11, to="yellow").encode()])
    await publisher.stop()
    await bus.close()
    commands = next(block for block in code_blocks("how-to/subscribe-to-events.md", "sh") if block.startswith("kafka-acls"))
    for line in commands.splitlines():
        command, *arguments = shlex.split(line.replace("$INSIDE", broker.bootstrap))
        assert command == "kafka-acls"
        listed = kafka_acls(*arguments)
    assert "name=star.crossings.v1" in listed
    assert "name=partner., patternType=PREFIXED" in listed
    return broker


def as_user(broker: SecureBroker, user: str) -> dict[str, object]:
    return {
        "bootstrap_servers": broker.partners,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": user,
        "sasl_plain_password": USERS[user],
    }


@asynccontextmanager
async def reading(
    broker: SecureBroker, topic: str, *, user: str = "partner", group: str | None = "partner.one"
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(topic, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, **as_user(broker, user))
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def test_a_partner_reads_its_topics_in_its_own_groups(opened: SecureBroker) -> None:
    async with reading(opened, "star.crossings.v1") as consumer:
        message = await consumer.getone()
    assert dict(message.headers)["ce_type"] == b"nz.star.threshold.crossed.v1"
    assert message.value == up(5, 11, to="yellow").encode().value


@pytest.mark.parametrize("topic", ["star.students.v1", "star.responses.v1", "star.marks.v1", "star.schools.v1", "star.dead-letters.v1"])
async def test_a_partner_reads_no_other_topic(opened: SecureBroker, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        async with reading(opened, topic, group=None) as consumer:
            await consumer.getone()


async def test_a_partner_joins_no_other_group(opened: SecureBroker) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        async with reading(opened, "star.crossings.v1", group="notifier.partners") as consumer:
            await consumer.getone()


async def test_a_partner_says_nothing(opened: SecureBroker) -> None:
    producer = AIOKafkaProducer(**as_user(opened, "partner"))
    await producer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait("star.crossings.v1", b"made up")
    finally:
        await producer.stop()


async def test_a_user_without_acls_reads_nothing(opened: SecureBroker) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        async with reading(opened, "star.crossings.v1", user="stranger", group=None) as consumer:
            await consumer.getone()


async def test_nobody_comes_in_by_the_partners_listener_without_a_name(opened: SecureBroker) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=opened.partners)
    with pytest.raises(KafkaError):
        await consumer.start()
    await consumer.stop()


async def test_an_allow_given_by_mistake_does_not_open_the_students_topic(opened: SecureBroker) -> None:
    everything = ("--allow-principal", "User:partner", "--operation", "Read", "--topic", "star.", "--resource-pattern-type", "prefixed")
    kafka_acls("--bootstrap-server", opened.bootstrap, "--add", *everything)
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            async with reading(opened, "star.students.v1", group=None) as consumer:
                await consumer.getone()
        async with reading(opened, "star.crossings.v1", group="partner.two") as consumer:
            assert (await consumer.getone()).topic == "star.crossings.v1"
    finally:
        kafka_acls("--bootstrap-server", opened.bootstrap, "--remove", "--force", *everything)
