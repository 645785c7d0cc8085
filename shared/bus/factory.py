"""Chooses the adapter that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Bus, Publisher
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.bus import KafkaBus
from shared.settings import Settings


def create_bus(settings: Settings) -> Bus:
    """The bus of this process; connects on first use."""
    if settings.bus == "kafka":
        return KafkaBus(kafka_access(settings), partitions=settings.kafka_partitions, publish_timeout=settings.publish_timeout)
    return EmbeddedBus(
        settings.database_url,
        partitions=settings.kafka_partitions,
        publish_timeout=settings.publish_timeout,
        instance=settings.instance,
    )


def kafka_access(settings: Settings) -> KafkaAccess:
    """The way to the brokers that the settings name."""
    return KafkaAccess(
        bootstrap=settings.kafka_bootstrap,
        security=settings.kafka_security,
        ca=settings.kafka_ca,
        certificate=settings.kafka_certificate,
        key=settings.kafka_key,
        mechanism=settings.kafka_mechanism,
        user=settings.kafka_user,
        password=settings.kafka_password.get_secret_value(),
        password_file=settings.kafka_password_file,
    )


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[tuple[Bus, Publisher]]:
    """The bus with a publisher that has started; the publisher stops first, so that what is on its way still goes."""
    bus = create_bus(settings)
    publisher = bus.publisher()
    await publisher.start()
    try:
        yield bus, publisher
    finally:
        await publisher.stop()
        await bus.close()
