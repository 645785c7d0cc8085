"""The door on a real server, database and bus."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_heart
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Message
from shared.clock import Clock
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SCHOOL = {"name": "Example Kura", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}]}
MARK: dict[str, Any] = {
    "student": "12345",
    "date": "2026-10-13",
    "session": "AM",
    "code": "M",
    "recorded_at": "2026-10-13T09:05:00+13:00",
}


@dataclass
class Door:
    """Requests to the door, and what it put on the bus."""

    http: httpx.AsyncClient
    bus: EmbeddedBus
    data: Path
    settings: IngestSettings

    def token(self, scopes: str = "marks:write roster:write", schools: str = "0999", valid_for: timedelta = timedelta(days=1)) -> str:
        return local_token(self.data, scopes.split(), schools.split(), valid_for=valid_for)

    async def send(self, method: str, path: str, *, token: str | None = None, **arguments: Any) -> httpx.Response:
        headers = bearer(token or self.token()) | arguments.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **arguments)

    async def post(self, *marks: dict[str, Any], **arguments: Any) -> httpx.Response:
        return await self.send("POST", "/v1/schools/0999/marks", json={"marks": list(marks)}, **arguments)

    async def confirmed(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Puts a change that would move much, and confirms what was shown."""
        shown = await self.send("PUT", path, json=body)
        assert shown.status_code == 409, shown.text
        return await self.send("PUT", path, params={"confirm": shown.json()["confirm"]}, json=body)

    async def published(self, topic: str = "star.marks.v1") -> list[Message]:
        """Everything on a topic, from the beginning."""
        consumer = self.bus.consumer("tests", [topic])
        try:
            found: list[Message] = []
            while batch := await consumer.fetch(most=1000, wait=timedelta(milliseconds=50)):
                found += batch
            return found
        finally:
            await consumer.stop()

    async def relayed(self, topic: str = "star.students.v1") -> list[Message]:
        """Everything on a topic, once a worker has carried there what waited."""
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(self.settings, stop, clock=lambda: NOW))
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            while await connection.fetchval("SELECT count(*) FROM ingest.outbox"):
                await asyncio.sleep(0.02)
        finally:
            await connection.close()
            stop.set()
            await worker
        return await self.published(topic)


@pytest.fixture
def clock() -> Clock:
    """The door's clock: it stands still, where a test does not say otherwise."""
    return lambda: NOW


@pytest.fixture
async def door(database_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Door]:
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    settings = IngestSettings(data=tmp_path, database_url=database_url, body_limit=1024 * 1024)
    async with (
        serving(create_app(settings, clock=clock)) as base_url,
        httpx.AsyncClient(base_url=base_url, timeout=30) as http,
    ):
        door = Door(http, bus, tmp_path, settings)
        (await door.send("PUT", "/v1/schools/999", json=SCHOOL)).raise_for_status()
        yield door
    await bus.close()


@pytest.fixture
async def judged(door: Door, clock: Clock) -> AsyncIterator[Door]:
    """The door with the workers that find out what a change would do."""
    stop = asyncio.Event()
    heart = ThresholdsSettings(data=door.data, database_url=door.settings.database_url)
    workers = [
        asyncio.create_task(run_worker(door.settings, stop, clock=clock)),
        asyncio.create_task(run_heart(heart, stop, clock=clock)),
    ]
    yield door
    stop.set()
    await asyncio.gather(*workers)
