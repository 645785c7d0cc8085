"""One leads; who was killed, frozen or cut off leads no longer than its lease; no host's clock matters."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import create_engine
from shared.db.errors import is_transient
from shared.leases import lease as module
from shared.leases import repository
from shared.leases.lease import FenceLostError, Lease
from tests.integration.shared.conftest import Sql

SCHEMA = "ingest"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, SCHEMA, pool_size=3)
    yield engine
    await engine.dispose()


async def may_write(engine: AsyncEngine, lease: Lease) -> bool:
    try:
        async with engine.begin() as connection:
            await lease.prove(connection)
    except FenceLostError:
        return False
    return True


async def test_one_leads_until_it_gives_up(engine: AsyncEngine) -> None:
    first, second = Lease(engine, SCHEMA, "a"), Lease(engine, SCHEMA, "a")
    assert await first.keep()
    assert not await second.keep()
    assert await may_write(engine, first)
    assert not await may_write(engine, second)
    await first.give_up()
    assert not await may_write(engine, first)
    assert await second.keep()
    assert await may_write(engine, second)


async def test_leases_of_other_names_are_apart(engine: AsyncEngine) -> None:
    assert await Lease(engine, SCHEMA, "a").keep()
    assert await Lease(engine, SCHEMA, "b").keep()


async def test_a_leader_that_was_away_is_fenced(engine: AsyncEngine, sql: Sql) -> None:
    frozen, next_ = Lease(engine, SCHEMA, "a"), Lease(engine, SCHEMA, "a")
    assert await frozen.keep()
    await sql("UPDATE ingest.leases SET until = now() - interval '1 ms'")
    assert await next_.keep()
    assert not await may_write(engine, frozen)
    assert not await frozen.keep()


async def test_a_leader_that_nobody_followed_goes_on_under_its_fence(engine: AsyncEngine, sql: Sql) -> None:
    lease = Lease(engine, SCHEMA, "a")
    assert await lease.keep()
    await sql("UPDATE ingest.leases SET until = now() - interval '1 hour'")
    assert await may_write(engine, lease)


async def test_the_same_instance_takes_its_own_lease_back_at_once(engine: AsyncEngine) -> None:
    killed = Lease(engine, SCHEMA, "a")
    assert await killed.keep()
    assert await Lease(engine, SCHEMA, "a", killed.holder).keep()


async def test_a_lease_further_ahead_than_its_length_is_nobodys(engine: AsyncEngine, sql: Sql) -> None:
    """The database's host had a clock that was a day ahead, and then was not."""
    assert await Lease(engine, SCHEMA, "a").keep()
    await sql("UPDATE ingest.leases SET until = now() + interval '1 day'")
    assert await Lease(engine, SCHEMA, "a").keep()


async def test_a_taken_lease_waits_for_the_write_that_proved_it(engine: AsyncEngine, sql: Sql) -> None:
    lease, other = Lease(engine, SCHEMA, "a"), Lease(engine, SCHEMA, "a")
    assert await lease.keep()
    async with engine.begin() as connection:
        await lease.prove(connection)
        await sql("SET lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            await sql("UPDATE ingest.leases SET until = now()")
    assert not await other.keep()


@pytest.mark.parametrize("statement", ["prove", "keep"])
async def test_a_leader_that_freezes_in_its_transaction_is_followed(engine: AsyncEngine, statement: str) -> None:
    length = timedelta(milliseconds=500)
    frozen, next_ = (Lease(engine, SCHEMA, "a", length=length) for _ in range(2))
    assert await frozen.keep()
    with pytest.raises(DBAPIError) as ended:
        async with engine.begin() as connection:
            if statement == "prove":
                await frozen.prove(connection)
            else:
                await repository.acquire(connection, "a", frozen.holder, "host", length)
            # The next one waits for the row that the frozen one has locked; the server's own bound is five minutes.
            async with asyncio.timeout(30):
                while not await next_.keep():
                    await asyncio.sleep(0.05)
    assert is_transient(ended.value)


async def test_it_is_renewed_in_time_and_asks_seldom(engine: AsyncEngine, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    lease = Lease(engine, SCHEMA, "a", length=timedelta(seconds=9))
    assert await lease.keep()
    await sql("UPDATE ingest.leases SET until = now() + interval '1 second'")
    now += 2.9
    assert await lease.keep()
    [row] = await sql("SELECT until < now() + interval '2 seconds' AS old FROM ingest.leases")
    assert row["old"]
    now += 0.2
    assert await lease.keep()
    [row] = await sql("SELECT until > now() + interval '8 seconds' AS renewed FROM ingest.leases")
    assert row["renewed"]
    assert lease.has_time_left()
    now += 9.1
    assert not lease.has_time_left()


async def test_it_says_who_holds_it(engine: AsyncEngine) -> None:
    lease = Lease(engine, SCHEMA, "a")
    async with engine.connect() as connection:
        assert await repository.holding(connection, "a") is None
    assert await lease.keep()
    async with engine.connect() as connection:
        holding = await repository.holding(connection, "a")
    assert holding is not None
    assert holding.fence == 1
    assert holding.host
    assert holding.since is not None
