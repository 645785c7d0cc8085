"""The rights of each service on a broker, once the commands of `star kafka-acls` have run, and their limits: by SASL, without TLS."""

import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from click.testing import CliRunner

from deploy.cli.main import main
from deploy.kafka.rights import OPERATOR, RIGHTS
from deploy.services import schema_of
from shared.bus.factory import create_bus
from shared.bus.interface import BusRefusedError, Outgoing, Partition
from shared.bus.kafka.bus import KafkaBus
from shared.events.topics import TOPICS
from shared.settings import ServiceName, Settings
from tests.support.secure_kafka import USERS, SecureBroker, kafka_acls, secure_broker

pytestmark = pytest.mark.kafka

SERVICES: tuple[ServiceName, ...] = tuple(RIGHTS)


def settings(broker: SecureBroker, data: Path, user: str, password: str | None = None) -> Settings:
    return Settings.model_validate(
        {
            "data": data,
            "bus": "kafka",
            "kafka_bootstrap": broker.partners,
            "kafka_partitions": 1,
            "kafka_security": "sasl_plaintext",
            "kafka_mechanism": "PLAIN",
            "kafka_user": user,
            "kafka_password": USERS[user] if password is None else password,
        }
    )


def bus_of(broker: SecureBroker, data: Path, name: str) -> KafkaBus:
    bus = create_bus(settings(broker, data, f"star-{name}"))
    assert isinstance(bus, KafkaBus)
    return bus


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with the rights that the command prints."""
    with secure_broker(tmp_path_factory.mktemp("secure-kafka")) as broker:
        printed = CliRunner().invoke(main, ["kafka-acls", "--bootstrap", broker.bootstrap], catch_exceptions=False)
        for line in printed.output.splitlines():
            command, *arguments = shlex.split(line)
            assert command == "kafka-acls"
            kafka_acls(*arguments)
        yield broker


@pytest.fixture(scope="module")
async def topics(broker: SecureBroker, data: Path) -> None:
    """The topics, as the operator makes and compares them."""
    bus = bus_of(broker, data, OPERATOR)
    await bus.ensure_topics()
    assert await bus.missing_topics() == []
    assert await bus.topic_differences({}) == []


@asynccontextmanager
async def reading(broker: SecureBroker, data: Path, name: str, topic: str, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    access = bus_of(broker, data, name)._access
    consumer = AIOKafkaConsumer(topic, **access.options(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_writes_what_it_has_to_and_no_more(broker: SecureBroker, topics: None, data: Path, service: ServiceName) -> None:
    producer = AIOKafkaProducer(**bus_of(broker, data, service)._access.options(), acks="all", enable_idempotence=True)
    await producer.start()
    written = set()
    try:
        for topic in TOPICS:
            try:
                await producer.send_and_wait(topic.name, b"{}", key=b"0999")
                written.add(topic)
            except TopicAuthorizationFailedError:
                pass
    finally:
        await producer.stop()
    assert written == RIGHTS[service].writes


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_its_topics_in_its_groups_and_no_others(
    broker: SecureBroker, topics: None, data: Path, service: ServiceName
) -> None:
    bus = bus_of(broker, data, service)
    await bus.ping()
    wanted = sorted(topic.name for topic in RIGHTS[service].reads)
    publisher = bus.publisher()
    await publisher.start()
    await publisher.publish([Outgoing(topic, b"0999", b"{}") for topic in wanted])
    await publisher.stop()

    consumer = bus.consumer(f"{schema_of(service)}.tried", wanted)
    await consumer.start()
    try:
        seen: dict[Partition, int] = {}
        for _ in range(30):
            for message in await consumer.fetch(most=100, wait=timedelta(seconds=1)):
                seen[message.source] = message.offset + 1
            if {at.topic for at in seen} == set(wanted):
                break
        assert {at.topic for at in seen} == set(wanted)
        await consumer.commit(seen)
    finally:
        await consumer.stop()

    for topic in sorted(topic.name for topic in set(TOPICS) - RIGHTS[service].reads):
        with pytest.raises(TopicAuthorizationFailedError):
            async with reading(broker, data, service, topic, group=None) as reader:
                await reader.getone()
    for other in SERVICES:
        if other != service:
            with pytest.raises(GroupAuthorizationFailedError):
                async with reading(broker, data, service, wanted[0], group=f"{schema_of(other)}.tried") as reader:
                    await reader.getone()


async def test_the_operator_sees_how_far_the_groups_are_and_writes_nothing(broker: SecureBroker, topics: None, data: Path) -> None:
    bus = bus_of(broker, data, OPERATOR)
    await bus.lags()
    await bus.standing("thresholds.marks", ["star.marks.v1"])
    producer = AIOKafkaProducer(**bus._access.options())
    await producer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait("star.marks.v1", b"{}")
    finally:
        await producer.stop()


async def test_a_wrong_password_is_named_as_such(broker: SecureBroker, data: Path) -> None:
    bus = create_bus(settings(broker, data, "star-ingest", password="guessed"))
    with pytest.raises(BusRefusedError, match="STAR_KAFKA_PASSWORD"):
        await bus.ping()
