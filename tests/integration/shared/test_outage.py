"""A whole worker, through the death of its database: every loop goes on by itself."""

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.embedded.trees import TREES
from shared.bus.interface import Message, Outgoing, Partition
from shared.clock import utc_now
from shared.db.migrate import migrate
from shared.events.topics import SCHOOLS
from shared.outbox import repository as outbox
from shared.settings import Settings
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist import repository as worklist
from tests.integration.shared.worklist.conftest import WatchedTask
from tests.support.own_postgres import OwnPostgres, own_postgres
from tests.support.polling import eventually

SCHEMA = "notifier"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    with own_postgres(tmp_path_factory.mktemp("outage") / "data") as server:
        asyncio.run(migrate(server.url, TREES))
        yield server


@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_every_loop_goes_on_when_its_database_is_back(
    server: OwnPostgres, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter than anybody would have it, for the test's sake.
    for pause in ("bus.processor.LONGEST_BACKOFF", "outbox.relay.AWAY_PAUSE", "worklist.runner.AWAY_PAUSE", "db.listen.RECONNECT_AFTER"):
        monkeypatch.setattr(f"shared.{pause}", 0.1)
    settings = Settings(data=tmp_path, database_url=server.url, kafka_partitions=1, publish_timeout=timedelta(seconds=5))
    progress, stop = Progress(), asyncio.Event()
    task, key = WatchedTask(), uuid.uuid4().bytes
    handled: list[bytes | None] = []

    async def handler(_: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        handled.extend(message.value for message in messages if message.key == key)
        return {}

    async with worker_parts(SCHEMA, settings, progress) as parts:
        await parts.bus.ensure_topics()

        async def say_and_do(value: bytes) -> uuid.UUID:
            item = uuid.uuid4()
            async with parts.engine.begin() as connection:
                await outbox.add(connection, [Outgoing(SCHOOLS.name, key, value)])
                await worklist.add(connection, task.kind, item, utc_now(), utc_now())
            return item

        async def said() -> set[bytes | None]:
            return set(handled)

        async def done() -> set[uuid.UUID]:
            return {item.id for item in task.performed}

        loops = {
            "events": parts.consume("events", [SCHOOLS], handler),
            "relay": parts.relay(),
            "work": parts.work([task], concurrency=2),
            "bells": parts.bells(),
        }
        running = asyncio.create_task(supervise(loops, stop))
        items = {await say_and_do(b"before")}
        await eventually(said, {b"before"})
        await eventually(done, items)

        await asyncio.to_thread(getattr(server, way))
        await asyncio.sleep(0.3)
        assert not running.done()
        await asyncio.to_thread(server.start)

        items.add(await say_and_do(b"after"))
        await eventually(said, {b"before", b"after"})
        await eventually(done, items)
        assert progress.stuck() == []
        stop.set()
        await running
