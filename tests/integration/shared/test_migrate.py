"""Migrating: as often as one likes, from as many processes at once, by anybody who owns the database."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.embedded.trees import TREES
from shared.bus.embedded.bus import SCHEMA, TREE
from shared.db.migrate import Tree, migrate
from tests.support.database import url_of


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
            await connection.execute("DROP OWNED BY star_newcomer CASCADE")
            await connection.close()
        await server.execute("DROP ROLE star_newcomer")


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
        await server.execute("DROP ROLE star_hosted")
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
