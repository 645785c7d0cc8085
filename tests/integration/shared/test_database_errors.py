"""Which errors of a real PostgreSQL pass by themselves, and what they give away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import engine as module
from shared.db.engine import create_engine
from shared.db.errors import is_transient, verdict_of
from tests.integration.shared.conftest import Sql

SCHEMA = "ingest"
SECRET = "Jane Doe"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, SCHEMA, pool_size=2)
    yield engine
    await engine.dispose()


async def run(engine: AsyncEngine, statement: str, **parameters: object) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), parameters)


async def failure(work: Awaitable[object]) -> Exception:
    try:
        await work
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


async def test_a_connection_cut_amid_a_query_passes(engine: AsyncEngine, cut: Callable[[str], Awaitable[None]], sql: Sql) -> None:
    querying = asyncio.create_task(failure(run(engine, "SELECT pg_sleep(3600)")))
    async with asyncio.timeout(30):
        while not await sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()"):
            await asyncio.sleep(0.02)
    await cut(f"star-{SCHEMA}")
    assert is_transient(await querying)
    await run(engine, "SELECT 1")


async def test_a_connection_cut_before_the_commit_passes(engine: AsyncEngine, cut: Callable[[str], Awaitable[None]]) -> None:
    async def work() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
            await cut(f"star-{SCHEMA}")

    assert is_transient(await failure(work()))


async def test_connections_cut_in_the_pool_are_not_noticed(engine: AsyncEngine, cut: Callable[[str], Awaitable[None]]) -> None:
    await run(engine, "SELECT 1")
    await cut(f"star-{SCHEMA}")
    await run(engine, "SELECT 1")


async def test_a_full_pool_and_a_full_server_pass(
    engine: AsyncEngine, database_url: str, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.1)
    small = create_engine(database_url, SCHEMA, pool_size=1)
    async with small.connect():
        assert is_transient(await failure(run(small, "SELECT 1")))
    await small.dispose()

    await sql("CREATE ROLE turned_away LOGIN CONNECTION LIMIT 0 IN ROLE star_ingest")
    refused = create_engine(database_url.replace("postgres@", "turned_away@"), SCHEMA, pool_size=1)
    assert is_transient(await failure(run(refused, "SELECT 1")))
    await sql("DROP ROLE turned_away")


async def test_a_deadlock_passes(engine: AsyncEngine, sql: Sql) -> None:
    await sql("INSERT INTO ingest.schools VALUES ('0001', '{}', now()), ('0002', '{}', now())")
    met = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> None:
        async with engine.begin() as connection:
            for school in (first, second):
                await connection.execute(text("SELECT 1 FROM schools WHERE school = :school FOR UPDATE"), {"school": school})
                if school == first:
                    await met.wait()

    results = await asyncio.gather(lock("0001", "0002"), lock("0002", "0001"), return_exceptions=True)
    errors = [result for result in results if isinstance(result, Exception)]
    assert [is_transient(error) for error in errors] == [True]


async def test_a_query_that_hangs_is_ended_and_passes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUERY_TIMEOUT", 0.2)
    impatient = create_engine(database_url, SCHEMA, pool_size=1)
    async with asyncio.timeout(30):
        assert is_transient(await failure(run(impatient, "SELECT pg_sleep(3600)")))
        await run(impatient, "SELECT 1")
    await impatient.dispose()


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("INSERT INTO schools VALUES (:a, '{}', now())", {"a": SECRET}),
        ("SELECT CAST(:a AS int)", {"a": SECRET}),
        ("SELECT CAST(:a AS int)", {"a": 2**40}),
        ("SELECT CAST(:a AS text)", {"a": SECRET + "\0"}),
        ("SELECT nothing FROM nowhere", {}),
        ("SELECT * FROM bus.messages", {}),
    ],
)
async def test_what_is_wrong_stays_wrong(engine: AsyncEngine, statement: str, parameters: dict[str, object]) -> None:
    assert not is_transient(await failure(run(engine, statement, **parameters)))


async def test_a_database_that_is_not_there_is_wrong(database_url: str) -> None:
    nowhere = create_engine(database_url.replace("@/test_", "@/nowhere_"), SCHEMA, pool_size=1)
    assert not is_transient(await failure(run(nowhere, "SELECT 1")))


async def test_an_error_does_not_quote_its_parameters(engine: AsyncEngine) -> None:
    assert SECRET not in str(await failure(run(engine, "INSERT INTO schools VALUES (:a, '{}', now())", a=SECRET)))


async def test_a_server_that_turned_read_only_loses_its_connections_and_passes(engine: AsyncEngine, sql: Sql) -> None:
    """As after a failover: the old primary comes back as a replica, and takes reads."""
    await run(engine, "INSERT INTO schools VALUES ('0003', '{}', now())")
    await sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
    try:
        await engine.dispose()
        error = await failure(run(engine, "INSERT INTO schools VALUES ('0004', '{}', now())"))
        assert is_transient(error)
    finally:
        await sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$")
    # The pool kept no connection to the server as it was.
    await run(engine, "INSERT INTO schools VALUES ('0004', '{}', now())")


async def test_a_lock_that_is_waited_for_too_long_passes(engine: AsyncEngine) -> None:
    await run(engine, "INSERT INTO schools VALUES ('0005', '{}', now())")
    async with engine.begin() as holder:
        await holder.execute(text("SELECT 1 FROM schools WHERE school = '0005' FOR UPDATE"))

        async def waits() -> None:
            async with engine.begin() as other:
                await other.execute(text("SET LOCAL lock_timeout = '20ms'"))
                await other.execute(text("SELECT 1 FROM schools WHERE school = '0005' FOR UPDATE"))

        assert is_transient(await failure(waits()))


@pytest.mark.parametrize("value", [2**31, "seven", "\ud800"])
async def test_a_value_that_no_parameter_can_have_never_passes(engine: AsyncEngine, value: object) -> None:
    cast = "text" if value == "\ud800" else "int"
    error = await failure(run(engine, f"SELECT CAST(:value AS {cast})", value=value))
    assert verdict_of(error) == "ours", error
