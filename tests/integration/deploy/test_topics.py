"""Topics that were there before us, on a real broker: told, and refused where they would lose data."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.kafka.broker import KafkaBroker
from shared.events.topics import MARKS, STUDENTS
from tests.integration.deploy.test_faults import star
from tests.support.kafka import running_broker

pytestmark = pytest.mark.kafka


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path / "kafka") as broker:
        yield broker


@asynccontextmanager
async def admin_of(broker: KafkaBroker) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def test_topics_that_would_lose_data_are_refused_until_they_are_altered(database_url: str, broker: KafkaBroker) -> None:
    environment = {"STAR_DATABASE_URL": database_url, "STAR_BUS": "kafka", "STAR_KAFKA_BOOTSTRAP": broker.bootstrap}
    async with admin_of(broker) as admin:
        await admin.create_topics(
            [
                NewTopic(MARKS.name, 4, 1, topic_configs={"retention.ms": "604800000"}),
                NewTopic(STUDENTS.name, 8, 1, topic_configs={"cleanup.policy": "compact,delete"}),
            ]
        )
        connection = await asyncpg.connect(database_url)
        consumed = "INSERT INTO thresholds.consumed (consumer_group, topic, partition, next_offset) VALUES ('thresholds.marks', $1, 5, 1)"
        await connection.execute(consumed, MARKS.name)
        await connection.close()

        code, lines = await star(["migrate"], **environment)
        assert code == 1
        assert lines[-1].startswith("Error: topics exist under whose settings data would be lost: star.marks.v1: ")
        for part in (
            "star.marks.v1: partitions is 4, and ours is 8: its keys were spread over more",
            "(kafka-topics --alter --topic star.marks.v1 --partitions 8)",
            "star.marks.v1: retention.ms is 604800000, and ours is 34560000000: ",
            "star.students.v1: cleanup.policy is compact,delete, and ours is compact: ",
        ):
            assert part in lines[-1]
        assert "max.compaction.lag.ms" not in lines[-1]

        await admin.alter_configs(
            [
                ConfigResource(ConfigResourceType.TOPIC, MARKS.name, configs={"retention.ms": "-1"}),
                ConfigResource(ConfigResourceType.TOPIC, STUDENTS.name, configs={"cleanup.policy": "compact"}),
            ]
        )
        connection = await asyncpg.connect(database_url)
        await connection.execute("DELETE FROM thresholds.consumed")
        await connection.close()
        code, lines = await star(["migrate"], **environment)
        assert code == 0, lines
