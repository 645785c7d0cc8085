"""The rights of `star kafka-acls` against what the services' code really reads and makes."""

import ast
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.rights import RIGHTS
from deploy.services import schema_of
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker as run_ingest
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.embedded.consumer import EmbeddedConsumer
from shared.bus.interface import Positions, committed_positions
from shared.events import catalogue, topics
from shared.events.data import SchoolUpdated
from shared.events.envelope import Event
from shared.settings import ServiceName
from tests.integration.shared.conftest import Sql, sql
from tests.support.polling import eventually

__all__ = ["sql"]

ROOT = Path(__file__).parents[3]
SENDS_NUMBERS = """
    INSERT INTO moe_sync.preferences (school, nsn, updated_at, updated_by) SELECT school, true, now(), 'test' FROM moe_sync.schools
    ON CONFLICT DO NOTHING
"""
SERVICES: tuple[ServiceName, ...] = tuple(RIGHTS)


async def test_the_groups_of_the_workers_read_what_the_rights_say(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: Sql
) -> None:
    read: dict[str, set[str]] = {}
    consumer = EmbeddedBus.consumer

    def noted(self: EmbeddedBus, group: str, names: Sequence[str], positions: Positions = committed_positions) -> EmbeddedConsumer:
        schema, _, _ = group.partition(".")
        read.setdefault(schema, set()).update(names)
        return consumer(self, group, names, positions)

    monkeypatch.setattr(EmbeddedBus, "consumer", noted)
    settings: dict[str, Any] = {"data": tmp_path, "database_url": database_url, "kafka_partitions": 1}
    bus = EmbeddedBus(database_url, partitions=1, publish_timeout=IngestSettings(**settings).publish_timeout)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    school = SchoolUpdated(school="0999", name="Example School", terms=[], updated_at=datetime.now(UTC))
    await publisher.publish([Event(catalogue.SCHOOL_UPDATED, "1", "/ingest", school.updated_at, "0999", school).encode()])
    await publisher.stop()
    await bus.close()
    stop = asyncio.Event()
    running = [
        asyncio.create_task(run_ingest(IngestSettings(**settings), stop)),
        asyncio.create_task(run_thresholds(ThresholdsSettings(**settings), stop)),
        asyncio.create_task(run_notifier(NotifierSettings(**settings, smtp_url="smtp://127.0.0.1:1"), stop)),
        asyncio.create_task(run_moe_sync(MoeSyncSettings(**settings, ministry_url="http://127.0.0.1:1"), stop)),
    ]

    async def as_said() -> dict[str, set[str]]:
        # A group of moe-sync reads the students, but only while a school sends their national numbers.
        await sql(SENDS_NUMBERS)
        return read

    try:
        await eventually(as_said, {schema_of(name): {topic.name for topic in RIGHTS[name].reads} for name in SERVICES})
    finally:
        stop.set()
        await asyncio.gather(*running)


@pytest.mark.parametrize("service", SERVICES)
def test_the_events_that_a_service_makes_go_to_the_topics_that_it_may_write(service: ServiceName) -> None:
    made = {getattr(catalogue, name).topic for name in _made(ROOT / "services" / schema_of(service))}
    assert made == RIGHTS[service].makes


def test_every_topic_has_a_writer_and_a_reader() -> None:
    assert set().union(*(rights.makes for rights in RIGHTS.values())) | {topics.DEAD_LETTERS} == set(topics.TOPICS)
    assert set().union(*(rights.reads for rights in RIGHTS.values())) == set(topics.TOPICS)


def _made(folder: Path) -> set[str]:
    """The constants of the catalogue that the code makes events or tombstones with, or chooses for it."""
    events = {name for name in vars(catalogue) if isinstance(getattr(catalogue, name), catalogue.EventType)}
    made = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            makes = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Event", "_event", "tombstone"}
            if makes or isinstance(node, ast.Return):
                made |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return made & events
