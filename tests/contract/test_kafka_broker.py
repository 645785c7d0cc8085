"""The rest relies on this: the broker keeps what it acknowledged, on the same port, however it ended, and leaves no process behind."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka import install
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.errors import PortTakenError, StartFailedError
from tests.support.kafka import running_broker
from tests.support.ports import free_port

pytestmark = pytest.mark.kafka

PROJECT = Path(install.__file__).parents[2]


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("broker")) as started:
        yield started
    assert java_processes(started.folder) == []


@pytest.fixture
def broker(own_broker: KafkaBroker) -> KafkaBroker:
    own_broker.start()
    return own_broker


@pytest.fixture
async def topic(broker: KafkaBroker, request: pytest.FixtureRequest) -> str:
    name = f"{request.node.name}.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    return name


def java_processes(folder: Path) -> list[int]:
    processes = psutil.process_iter(["pid", "cmdline", "status"])
    return [
        process.pid
        for process in processes
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in argument for argument in process.info["cmdline"] or ())
    ]


async def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def consume(bootstrap: str, topic: str, group: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, metadata_max_age_ms=500
    )
    await consumer.start()
    values: list[bytes | None] = []
    try:
        for _ in range(30):
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                values.extend(record.value for record in records)
            if len(values) >= count:
                break
        partition = TopicPartition(topic, 0)
        await consumer.commit({partition: await consumer.position(partition)})
    finally:
        await consumer.stop()
    return values


async def test_a_stop_keeps_records_offsets_and_port(broker: KafkaBroker, topic: str) -> None:
    bootstrap = broker.bootstrap
    await produce(bootstrap, topic, b"first", b"second")
    assert await consume(bootstrap, topic, "reader", 2) == [b"first", b"second"]

    broker.stop()
    assert not broker.running
    assert not broker.ready
    broker.start()

    assert broker.bootstrap == bootstrap
    await produce(bootstrap, topic, b"third")
    assert await consume(bootstrap, topic, "reader", 1) == [b"third"]
    assert await consume(bootstrap, topic, "newcomer", 3) == [b"first", b"second", b"third"]


async def test_a_kill_keeps_what_was_acknowledged(broker: KafkaBroker, topic: str) -> None:
    bootstrap = broker.bootstrap
    await produce(bootstrap, topic, b"before")

    broker.kill()
    assert not broker.running
    broker.start()

    await produce(bootstrap, topic, b"after")
    assert await consume(bootstrap, topic, "reader", 2) == [b"before", b"after"]


async def test_a_misspelt_topic_is_not_created(broker: KafkaBroker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.describe_topics(["broker.contarct.v1"])
        assert "broker.contarct.v1" not in await admin.list_topics()
    finally:
        await admin.close()


def test_another_object_of_the_same_folder_finds_and_stops_it(broker: KafkaBroker) -> None:
    other = KafkaBroker(broker.folder)
    assert other.bootstrap == broker.bootstrap
    assert other.ready
    other.start()
    assert len(java_processes(broker.folder)) == 1
    other.stop()
    assert not broker.running


def test_a_taken_port_is_named(broker: KafkaBroker, tmp_path: Path) -> None:
    with pytest.raises(PortTakenError, match=str(broker.port)):
        KafkaBroker(tmp_path / "second", broker.port).start()
    assert broker.ready


def test_a_broker_that_ends_while_starting_shows_its_log(broker: KafkaBroker) -> None:
    broker.stop()
    meta = broker.folder / "data" / "meta.properties"
    right = meta.read_text()
    meta.write_text(right.replace("node.id=1", "node.id=2"))
    try:
        with pytest.raises(StartFailedError, match=r"(?s)ended while starting.*Stored node id 2"):
            broker.start()
        assert not broker.running
    finally:
        meta.write_text(right)


def test_the_commands_may_be_repeated(broker: KafkaBroker, tmp_path: Path) -> None:
    folder, port = tmp_path / "command", free_port()

    def command(*arguments: str) -> tuple[int, str]:
        words = [sys.executable, "-m", "deploy.kafka", *arguments, "--data", str(folder)]
        done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout.strip()

    assert command("status") == (1, "Kafka is not running")
    assert command("stop") == (0, "Kafka is not running")
    try:
        assert command("start", "--port", str(port)) == (0, f"127.0.0.1:{port}")
        assert command("start", "--port", str(port)) == (0, f"127.0.0.1:{port}")
        assert command("status") == (0, f"Kafka serves on 127.0.0.1:{port}")
    finally:
        assert command("stop") == (0, "Kafka stopped")
    assert command("stop") == (0, "Kafka is not running")
    assert broker.ready
