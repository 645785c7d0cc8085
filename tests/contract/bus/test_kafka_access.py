"""Brokers that ask who we are: each way in, every client through it, and each refusal named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.admin import NewTopic

from shared.bus.factory import create_bus, open_bus
from shared.bus.interface import BusRefusedError, Message, Outgoing
from shared.events.topics import SCHOOLS
from shared.settings import Settings
from tests.contract.bus.adapters import next_offsets, numbered, numbers_of, read
from tests.support.tls_kafka import NEXT_PASSWORD, NEXT_USER, PASSWORD, USER, TlsBroker, tls_broker, write_certificate

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsBroker]:
    with tls_broker(tmp_path_factory.mktemp("tls-kafka")) as broker:
        yield broker


def settings(broker: TlsBroker, folder: Path, way: str, **changes: Any) -> Settings:
    """The settings of one way in."""
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    ours = write_certificate(broker.authority, folder / "ours.pem", "star.example")
    common = {"kafka_ca": broker.ca, "kafka_partitions": 1, "publish_timeout": timedelta(seconds=5), "data": folder, "bus": "kafka"}
    sasl = {"kafka_bootstrap": broker.within, "kafka_security": "sasl_tls", "kafka_user": USER}
    ways: dict[str, dict[str, Any]] = {
        "scram": {**sasl, "kafka_password": PASSWORD},
        "plain": {**sasl, "kafka_mechanism": "PLAIN", "kafka_password_file": password},
        "certificate": {"kafka_bootstrap": broker.mutual, "kafka_security": "tls", "kafka_certificate": ours},
    }
    return Settings(**{**common, **ways[way], **changes})


@pytest.mark.parametrize("way", ["scram", "plain", "certificate"])
async def test_every_client_goes_the_same_way(broker: TlsBroker, tmp_path: Path, way: str) -> None:
    async with open_bus(settings(broker, tmp_path, way)) as (bus, publisher):
        await bus.ping()
        await bus.ensure_topics()
        assert await bus.missing_topics() == []
        await publisher.publish([Outgoing(SCHOOLS.name, b"0999", way.encode())])
        consumer = bus.consumer(f"access-{way}", [SCHOOLS.name])
        read: dict[bytes | None, Message] = {}
        while way.encode() not in read:
            read |= {message.value: message for message in await consumer.fetch(most=100, wait=timedelta(seconds=1))}
        last = read[way.encode()]
        await consumer.commit({last.source: last.offset + 1})
        await consumer.stop()
        assert (f"access-{way}", 0) in {(lag.group, lag.records) for lag in await bus.lags()}


async def test_parts_go_over_to_a_second_account_one_by_one(broker: TlsBroker, tmp_path: Path) -> None:
    topic, group = "rotated.v1", "access-rotated"
    before = settings(broker, tmp_path, "scram")
    after = settings(broker, tmp_path, "scram", kafka_user=NEXT_USER, kafka_password=NEXT_PASSWORD)
    async with open_bus(before) as (old, old_door), open_bus(after) as (new, new_door):
        async with old._admin() as admin:
            await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
        consumer = old.consumer(group, [topic])
        await old_door.publish(numbered(topic, b"k", range(5)))
        await consumer.commit(next_offsets(messages := await read(consumer, 5)))
        # The door goes first, and the worker reads on.
        await new_door.publish(numbered(topic, b"k", range(5, 10)))
        await consumer.commit(next_offsets(more := await read(consumer, 5)))
        await consumer.stop()
        await old_door.publish(numbered(topic, b"k", range(10, 15)))
        consumer = new.consumer(group, [topic])
        last = await read(consumer, 5)
        await consumer.stop()
        assert numbers_of([*messages, *more, *last]) == list(range(15))


async def test_a_renewed_file_is_what_the_next_client_signs_in_with(broker: TlsBroker, tmp_path: Path) -> None:
    password = tmp_path / "rotated"
    password.write_text(PASSWORD)
    bus = create_bus(settings(broker, tmp_path, "scram", kafka_password="", kafka_password_file=password))
    await bus.ping()
    password.write_text("another")
    with pytest.raises(BusRefusedError, match="refuses the user or the password"):
        await bus.ping()
    password.write_text(PASSWORD)
    await bus.ping()


REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a wrong password": ("scram", {"kafka_password": "another"}, "refuses the user or the password: correct STAR_KAFKA_USER"),
    "an unknown user": ("scram", {"kafka_user": "nobody"}, "refuses the user or the password: correct STAR_KAFKA_USER"),
    "a mechanism that is off": ("scram", {"kafka_mechanism": "SCRAM-SHA-256"}, "does not know SCRAM-SHA-256: correct STAR_KAFKA_MECHANISM"),
    "no authority of ours": ("scram", {"kafka_ca": None}, "certificate is not to be trusted"),
    "no certificate": (
        "certificate",
        {"kafka_certificate": None},
        "ends the connection at once: if it stays so",
    ),
    "no TLS": ("certificate", {"kafka_security": "plaintext"}, "correct STAR_KAFKA_SECURITY (it is plaintext)"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_refusal_names_what_to_correct(broker: TlsBroker, tmp_path: Path, case: str) -> None:
    way, changes, text = REFUSALS[case]
    bus = create_bus(settings(broker, tmp_path, way, **changes))
    with pytest.raises(BusRefusedError) as refused:
        await bus.ping()
    assert text in str(refused.value)
    assert PASSWORD not in str(refused.value)


async def test_a_certificate_of_another_authority_is_refused(broker: TlsBroker, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.pem"
    trustme.CA().cert_pem.write_to_path(str(theirs))
    with pytest.raises(BusRefusedError, match=r"certificate is not to be trusted .*: correct STAR_KAFKA_CA"):
        await create_bus(settings(broker, tmp_path, "certificate", kafka_ca=theirs)).ping()
