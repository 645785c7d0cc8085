"""Chooses the adapter that the settings name."""

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Bus
from shared.bus.kafka.bus import KafkaBus
from shared.settings import Settings


def create_bus(settings: Settings) -> Bus:
    """The bus of this process; connects on first use."""
    if settings.bus == "kafka":
        return KafkaBus(settings.kafka_bootstrap, partitions=settings.kafka_partitions, publish_timeout=settings.publish_timeout)
    return EmbeddedBus(settings.database_url, partitions=settings.kafka_partitions, publish_timeout=settings.publish_timeout)
