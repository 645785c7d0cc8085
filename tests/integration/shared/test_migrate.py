"""Migrating: as often as one likes, from as many processes at once, by anybody who owns the database."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import structlog

from deploy.cli.faults import explained
from deploy.embedded.trees import TREES
from shared.bus.embedded.bus import SCHEMA, TREE
from shared.db import migrate as module
from shared.db.migrate import LOCK_TIMEOUT, MigrationBlockedError, Tree, migrate
from shared.identifiers import lock_key
from tests.support.database import url_of
from tests.support.releases import HEADS


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
async def empty_databases(postgres_url: str, server: asyncpg.Connection) -> AsyncIterator[list[str]]:
    names = ["migrated_here", "migrated_there"]
    for name in names:
        await server.execute(f"CREATE DATABASE {name}")
    yield [url_of(postgres_url, name) for name in names]
    for name in names:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT schemaname || '.' || tablename || ' ' || tableowner AS found FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        return [row["found"] for row in rows]
    finally:
        await connection.close()


async def test_many_at_once_and_again_build_what_one_builds(empty_databases: list[str]) -> None:
    alone, together = empty_databases
    await migrate(alone, TREES)
    await asyncio.gather(*(migrate(together, TREES) for _ in range(3)))
    built = await tables(alone)
    assert await tables(together) == built
    assert "bus.messages star_bus" in built
    assert "ingest.outbox star_ingest" in built

    await migrate(together, TREES)
    assert await tables(together) == built


async def test_two_databases_of_a_server_can_be_migrated_at_once(empty_databases: list[str], server: asyncpg.Connection) -> None:
    # Roles are the server's: both find this one missing.
    tree = Tree(TREE.package, "newcomer")
    try:
        await asyncio.gather(*(migrate(url, [tree]) for url in empty_databases))
        for url in empty_databases:
            assert "newcomer.messages star_newcomer" in await tables(url)
    finally:
        for url in empty_databases:
            connection = await asyncpg.connect(url)
            for role in ("star_newcomer_service", "star_newcomer"):
                await connection.execute(f"DROP OWNED BY {role} CASCADE")
            await connection.close()
        await server.execute("DROP ROLE star_newcomer, star_newcomer_service")


async def test_an_owner_who_may_create_roles_is_enough(postgres_url: str, server: asyncpg.Connection) -> None:
    tree = Tree(TREE.package, "hosted")
    await server.execute("CREATE ROLE landlord LOGIN CREATEROLE")
    await server.execute("CREATE DATABASE hosted OWNER landlord")
    url = url_of(postgres_url, "hosted").replace("postgres@", "landlord@")
    try:
        await migrate(url, [tree])
        await migrate(url, [tree])
        assert "hosted.messages star_hosted" in await tables(url)
    finally:
        await server.execute("DROP DATABASE hosted WITH (FORCE)")
        await server.execute("DROP ROLE star_hosted, star_hosted_service")
        await server.execute("DROP ROLE landlord")


async def test_a_migration_that_fails_leaves_nothing_behind(empty_databases: list[str]) -> None:
    url = empty_databases[0]
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA bus")
    await connection.execute("CREATE TABLE bus.offsets (in_the_way int)")
    await connection.execute("ALTER SCHEMA bus OWNER TO star_bus")
    with pytest.raises(Exception, match="already exists"):
        await migrate(url, [TREE])
    assert await tables(url) == ["bus.offsets postgres"]

    await connection.execute("DROP TABLE bus.offsets")
    await connection.close()
    await migrate(url, [TREE])
    assert f"{SCHEMA}.messages star_bus" in await tables(url)


@pytest.fixture
async def last_release(empty_databases: list[str]) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database as the last release leaves it, and a connection of one of its workers."""
    await migrate(empty_databases[0], TREES, until=HEADS)
    worker = await asyncpg.connect(empty_databases[0], server_settings={"application_name": "star-thresholds"})
    yield empty_databases[0], worker
    await worker.close()


WRITE = "INSERT INTO thresholds.outbox (topic, key, headers) VALUES ('star.crossings.v1', '', '')"


async def test_a_lock_is_waited_for_in_short_turns_that_let_others_pass(last_release: tuple[str, asyncpg.Connection]) -> None:
    url, worker = last_release
    writer = await asyncpg.connect(url)
    report = worker.transaction()
    await report.start()
    await worker.execute("SELECT * FROM thresholds.outbox")
    migrating = asyncio.create_task(migrate(url, TREES))
    longest = 0.0
    for _ in range(30):
        began = time.monotonic()
        await writer.execute(WRITE)
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(0.1)
    assert not migrating.done()
    await report.rollback()
    await migrating
    await writer.close()
    assert longest < 2 * LOCK_TIMEOUT.total_seconds()


async def test_a_lock_that_is_held_for_ever_ends_it_with_the_name_of_who_holds_it(last_release: tuple[str, asyncpg.Connection]) -> None:
    url, worker = last_release
    await worker.execute("BEGIN; SELECT * FROM thresholds.outbox")
    with structlog.testing.capture_logs() as logs, pytest.raises(MigrationBlockedError) as refused:
        await migrate(url, TREES, patience=timedelta(seconds=3))
    pid = worker.get_server_pid()
    named = f"pid {pid} (star-thresholds, idle in transaction, since "
    assert named in str(refused.value)
    line = explained(refused.value) or ""
    assert line.endswith(f"end them (SELECT pg_terminate_backend({pid})), then run `star migrate` again: it goes on where it ended")
    assert [named in held for log in logs if log["event"] == "database.migration_waits" for held in log["held_by"]]
    await worker.execute("ROLLBACK")
    # It goes on where it ended, and nothing of the revision was kept.
    await migrate(url, TREES)


async def test_another_that_migrates_is_named(empty_databases: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_WITH_ANOTHER", timedelta(seconds=1))
    other = await asyncpg.connect(empty_databases[0], server_settings={"application_name": "star-migrate"})
    await other.execute("SELECT pg_advisory_lock($1)", lock_key("migrate"))
    with pytest.raises(MigrationBlockedError, match=rf"another process .* pid {other.get_server_pid()} \(star-migrate, idle, since"):
        await migrate(empty_databases[0], TREES)
    await other.close()
    await migrate(empty_databases[0], TREES)


async def test_an_index_that_a_broken_off_run_left_invalid_is_built_anew(last_release: tuple[str, asyncpg.Connection]) -> None:
    url, worker = last_release
    broken = "CREATE UNIQUE INDEX CONCURRENTLY work_settled ON thresholds.work (kind)"
    rows = (
        "INSERT INTO thresholds.work (id, kind, due_at, created_at) SELECT gen_random_uuid(), 'a', now(), now() FROM generate_series(1, 2)"
    )
    await worker.execute(rows)
    with pytest.raises(asyncpg.UniqueViolationError):
        await worker.execute(broken)
    await migrate(url, TREES)
    (index,) = await worker.fetch("SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = 'thresholds.work_settled'::regclass")
    assert tuple(index) == (True, False)


async def test_a_schema_of_a_newer_release_stays_as_it_is(empty_databases: list[str]) -> None:
    url = empty_databases[0]
    await migrate(url, [TREE])
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE bus.alembic_version SET version_num = '9999'")
    await migrate(url, [TREE])
    assert await connection.fetchval("SELECT version_num FROM bus.alembic_version") == "9999"
    await connection.close()
