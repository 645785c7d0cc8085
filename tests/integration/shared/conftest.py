"""Connections to a migrated database, and ways past the code under test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

Sql = Callable[..., Awaitable[list[asyncpg.Record]]]


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[Sql]:
    """Runs a statement as the database's owner."""
    connection = await asyncpg.connect(database_url)

    async def run(statement: str, *arguments: object) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
        return rows

    yield run
    await connection.close()


@pytest.fixture
def cut(sql: Sql) -> Callable[[str], Awaitable[None]]:
    """Cuts the connections of an application, of whichever release."""

    async def run(application: str) -> None:
        await sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND split_part(application_name, ' ', 1) = $1",
            application,
        )

    return run
