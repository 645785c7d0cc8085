"""A network that swallows everything: connections to PostgreSQL or Kafka that neither answer nor close.

A standby on another way takes over within 15 seconds, and an API says in bounded time that something is away.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.thresholds.app import create_app as create_thresholds
from services.thresholds.settings import ThresholdsSettings
from shared.bus.factory import create_bus
from shared.bus.interface import Message, Outgoing, Partition
from shared.db.engine import CONNECT_TIMEOUT
from shared.events.topics import SCHOOLS
from shared.outbox import repository as outbox
from shared.settings import Settings
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import WorkerParts, worker_parts
from tests.integration.shared.conftest import Sql
from tests.support.blackhole import HOST, Way, way_to, way_to_database
from tests.support.kafka import install_or_skip
from tests.support.polling import eventually
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token
from tests.support.two_ways import TwoWays

SCHEMA = "thresholds"
WITHIN = 15.0
"""Seconds until a standby does the work of one that vanished."""

ANSWERED_WITHIN = 2 * CONNECT_TIMEOUT + 3.0
"""Seconds until an API says that its database is away: a look at an old connection, and a new one that is not made."""


@asynccontextmanager
async def working(settings: Settings, handled: list[bytes | None], name: str) -> AsyncIterator[WorkerParts]:
    """A worker with a relay and a group of its own kind."""
    stop = asyncio.Event()

    async def handler(_: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        handled.extend(message.value for message in messages)
        return {}

    async with worker_parts(SCHEMA, settings, Progress()) as parts:
        loops = {"events": parts.consume("tried", [SCHOOLS], handler), "relay": parts.relay(), "bells": parts.bells()}
        running = asyncio.create_task(supervise(loops, stop), name=name)
        try:
            yield parts
        finally:
            stop.set()
            await asyncio.wait({running}, timeout=60)
            assert running.done(), "a worker did not end"
            running.exception()


async def test_a_standby_takes_over_from_a_worker_whose_database_swallows_everything(database_url: str, sql: Sql, tmp_path: Path) -> None:
    common: dict[str, Any] = {"data": tmp_path, "kafka_partitions": 1, "publish_timeout": timedelta(seconds=5)}
    first: list[bytes | None] = []
    second: list[bytes | None] = []
    with way_to_database(database_url) as (way, through):
        leader, standby = Settings(**common, database_url=through), Settings(**common, database_url=database_url)
        bus = create_bus(standby)
        await bus.ensure_topics()
        await bus.close()

        async def say(parts: WorkerParts, value: bytes) -> None:
            async with parts.engine.begin() as connection:
                await outbox.add(connection, [Outgoing(SCHOOLS.name, b"0999", value)])

        async with working(leader, first, "leader") as leading:
            await say(leading, b"one")

            async def heard() -> set[bytes | None]:
                return set(first + second)

            await eventually(heard, {b"one"})
            async with working(standby, second, "standby") as beside:
                await asyncio.sleep(1)
                assert second == []
                way.swallow()
                began = time.monotonic()
                await say(beside, b"two")
                while b"two" not in second:
                    assert time.monotonic() - began < WITHIN, "nobody took over"
                    await asyncio.sleep(0.1)
                way.let_through()
                # What comes back leads nothing any more: it may look at a message in a transaction that it can't keep, and no more.
                await say(beside, b"three")
                await eventually(heard, {b"one", b"two", b"three"})
                assert second == [b"two", b"three"]

                async def left() -> int:
                    return int((await sql("SELECT count(*) FROM thresholds.outbox"))[0][0])

                await eventually(left, 0)


async def test_an_api_says_in_bounded_time_that_its_database_swallows_everything(database_url: str, tmp_path: Path) -> None:
    with way_to_database(database_url) as (way, through):
        app = create_thresholds(ThresholdsSettings(data=tmp_path, database_url=through))
        headers = bearer(local_token(tmp_path, ["events:subscribe"], ["0999"]))
        async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
            path = "/v1/events"
            # Connections that are in the pool when it happens.
            assert {(await answer).status_code for answer in [client.get(path) for _ in range(3)]} == {200}
            way.swallow()
            for _ in range(3):
                began = time.monotonic()
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert time.monotonic() - began < ANSWERED_WITHIN
            began = time.monotonic()
            assert (await client.get("/readyz")).status_code == 503
            assert time.monotonic() - began < ANSWERED_WITHIN
            way.let_through()

            async def status() -> int:
                return (await client.get(path)).status_code

            await eventually(status, 200)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TwoWays, Way]]:
    install_or_skip()
    broker = TwoWays(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
        with way_to(f"{HOST}:{broker.behind}", broker.before) as way:
            yield broker, way
    finally:
        broker.stop()


@pytest.mark.kafka
async def test_a_standby_takes_over_from_a_worker_whose_broker_swallows_everything(
    broker: tuple[TwoWays, Way], database_url: str, tmp_path: Path
) -> None:
    kafka, way = broker
    common: dict[str, Any] = {"data": tmp_path, "database_url": database_url, "bus": "kafka", "kafka_partitions": 2}
    through = Settings(**common, kafka_bootstrap=f"{HOST}:{way.port}")
    direct = Settings(**common, kafka_bootstrap=kafka.bootstrap)
    bus = create_bus(direct)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    first: list[bytes | None] = []
    second: list[bytes | None] = []
    keys = [b"%04d" % number for number in range(20)]

    async def heard() -> set[bytes | None]:
        return set(first + second)

    async with working(through, first, "through"):
        await publisher.publish([Outgoing(SCHOOLS.name, key, b"one " + key) for key in keys])
        await eventually(heard, {b"one " + key for key in keys})
        async with working(direct, second, "direct"):
            # Until the two share the partitions.
            async with asyncio.timeout(60):
                number = 0
                while not second:
                    number += 1
                    await publisher.publish([Outgoing(SCHOOLS.name, key, b"%d " % number + key) for key in keys])
                    await asyncio.sleep(0.5)
            way.swallow()
            try:
                began = time.monotonic()
                await publisher.publish([Outgoing(SCHOOLS.name, key, b"last " + key) for key in keys])
                while not {b"last " + key for key in keys} <= set(second):
                    assert time.monotonic() - began < WITHIN, f"{len([v for v in second if v and v.startswith(b'last')])} of {len(keys)}"
                    await asyncio.sleep(0.1)
            finally:
                way.let_through()
    await publisher.stop()
    await bus.close()


@pytest.mark.kafka
async def test_the_door_says_in_bounded_time_that_its_broker_swallows_everything(
    broker: tuple[TwoWays, Way], database_url: str, sql: Sql, tmp_path: Path
) -> None:
    kafka, way = broker
    settings = IngestSettings(
        data=tmp_path,
        database_url=database_url,
        bus="kafka",
        kafka_bootstrap=f"{HOST}:{way.port}",
        kafka_partitions=2,
        publish_timeout=timedelta(seconds=5),
    )
    bus = create_bus(settings.model_copy(update={"kafka_bootstrap": kafka.bootstrap}))
    await bus.ensure_topics()
    await bus.close()
    headers = bearer(local_token(tmp_path, ["marks:write", "roster:write"], ["0999"]))
    async with serving(create_ingest(settings)) as url, httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        school = {"name": "Example School", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}]}
        assert (await client.put("/v1/schools/0999", json=school)).status_code < 300

        async def post() -> httpx.Response:
            mark = {"student": "1", "date": "2026-10-12", "session": "AM", "code": "M", "recorded_at": "2026-10-12T09:00:00+13:00"}
            return await client.post("/v1/schools/0999/marks", json={"marks": [mark]})

        answer = await post()
        assert answer.status_code == 202, answer.text
        way.swallow()
        try:
            for _ in range(2):
                began = time.monotonic()
                answer = await post()
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert time.monotonic() - began < 2 * settings.publish_timeout.total_seconds()
        finally:
            way.let_through()

        async def status() -> int:
            return (await post()).status_code

        await eventually(status, 202)
