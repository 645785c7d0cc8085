"""The topics of a set-up: made where they are missing, and compared with ours where somebody made them before."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import structlog

from shared.bus.interface import Bus, TopicDifference
from shared.db.engine import create_engine
from shared.offsets import repository as offsets

log = structlog.get_logger()

READERS: Final = ("ingest", "thresholds", "notifier", "moe_sync")
"""The schemas of services that read topics."""


class UnsafeTopicsError(RuntimeError):
    """Topics that exist have settings under which data would be lost."""

    def __init__(self, differences: Sequence[TopicDifference]) -> None:
        super().__init__("; ".join(f"{difference} ({difference.fix})" for difference in differences))


async def prepare_topics(bus: Bus, database_url: str) -> None:
    """Makes the topics that are missing, and logs each setting of the others that is not ours.

    Raises UnsafeTopicsError, and BusUnavailableError.
    """
    await bus.ensure_topics()
    found = await topic_differences(bus, database_url)
    for difference in found:
        log.warning("topic.differs", what=str(difference), loses=difference.loses, fix=difference.fix)
    unsafe = [difference for difference in found if difference.loses]
    if unsafe:
        raise UnsafeTopicsError(unsafe)


async def topic_differences(bus: Bus, database_url: str) -> list[TopicDifference]:
    """Compares the topics that exist with ours, and with the partitions that our groups have read from."""
    read: dict[str, int] = defaultdict(int)
    for schema in READERS:
        engine = create_engine(database_url, schema, pool_size=1)
        try:
            async with engine.connect() as connection:
                for topic, partitions in (await offsets.read_partitions(connection)).items():
                    read[topic] = max(read[topic], partitions)
        finally:
            await engine.dispose()
    return await bus.topic_differences(read)
