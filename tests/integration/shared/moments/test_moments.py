"""Moments of one name go forward, whatever the clock does, and in the order of the commits."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import create_engine
from shared.moments import repository as moments

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "ingest", pool_size=3)
    yield engine
    await engine.dispose()


async def drawn(engine: AsyncEngine, now: datetime, name: str = "a") -> datetime:
    async with engine.begin() as connection:
        return await moments.next_of(connection, name, now)


async def test_a_moment_is_the_clocks_or_just_after_the_last(engine: AsyncEngine) -> None:
    assert await drawn(engine, NOW) == NOW
    assert await drawn(engine, NOW + timedelta(seconds=5)) == NOW + timedelta(seconds=5)
    assert await drawn(engine, NOW - timedelta(seconds=90)) == NOW + timedelta(seconds=5) + MICROSECOND
    assert await drawn(engine, NOW + timedelta(seconds=5)) == NOW + timedelta(seconds=5) + 2 * MICROSECOND
    assert await drawn(engine, NOW + timedelta(seconds=6)) == NOW + timedelta(seconds=6)
    assert await drawn(engine, NOW - timedelta(days=1), "b") == NOW - timedelta(days=1)


async def test_the_next_moment_waits_for_the_one_before(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        first = await moments.next_of_all(connection, ["b", "a", "a"], NOW)
        second = asyncio.create_task(drawn(engine, NOW - timedelta(hours=1)))
        await asyncio.sleep(0.2)
        assert not second.done()
    assert first == {"a": NOW, "b": NOW}
    assert await second == NOW + MICROSECOND
