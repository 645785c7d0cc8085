"""The feed as its writers and readers see it: through a real server and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.feed.archive import archive
from services.thresholds.settings import ThresholdsSettings
from shared.db.engine import create_engine
from shared.events.envelope import Event
from tests.support.tokens import bearer, local_token

PATIENCE = 30.0


@dataclass
class Said:
    """One server-sent event, or a comment."""

    id: str | None = None
    event: str | None = None
    data: Any = None
    comment: str | None = None
    retry: str | None = None


async def pieces(answer: httpx.Response) -> AsyncIterator[Said]:
    """A stream's events, read by the rules of the HTML standard."""
    said = Said()
    async for line in answer.aiter_lines():
        if line == "":
            yield said
            said = Said()
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "":
            said.comment = value
        elif name == "data":
            said.data = json.loads(value)
        else:
            setattr(said, name, value)


@dataclass
class Feed:
    """Publishes as the relay does, and listens as partners do."""

    engine: AsyncEngine
    settings: ThresholdsSettings

    async def publish(self, *events: Event) -> None:
        async with self.engine.begin() as connection:
            await archive(connection, [event.encode() for event in events])

    def headers(self, subject: str = "partner", valid_for: timedelta = timedelta(hours=1), **claims: Any) -> dict[str, str]:
        token = local_token(self.settings.data, ["events:subscribe"], subject=subject, valid_for=valid_for, **claims)
        return bearer(token) | {"Accept": "text/event-stream"}

    @asynccontextmanager
    async def stream(self, url: str, **more: Any) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[Said]]]:
        headers = self.headers(**more.pop("claims", {})) | more.pop("headers", {})
        async with (
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("GET", f"{url}/v1/events", headers=headers, **more) as answer,
        ):
            yield answer, pieces(answer)


@pytest.fixture
async def feed(database_url: str, tmp_path: Path) -> AsyncIterator[Feed]:
    engine = create_engine(database_url, "thresholds", pool_size=3)
    yield Feed(engine, ThresholdsSettings(data=tmp_path, database_url=database_url, feed_heartbeat=timedelta(seconds=1)))
    await engine.dispose()


async def events(said: AsyncIterator[Said], count: int) -> list[Said]:
    """The next events, comments left out."""
    found: list[Said] = []
    async with asyncio.timeout(PATIENCE):
        async for piece in said:
            if piece.event is not None:
                found.append(piece)
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {len(found)} events")
