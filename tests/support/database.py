"""A PostgreSQL server for the whole run, and a fresh, migrated database for each test that asks for one."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import SETTINGS, EmbeddedPostgres
from deploy.embedded.trees import TREES
from shared.db.migrate import migrate

_numbers = itertools.count(1)

TEMPLATE = "star_template"


def url_of(server_url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return server_url.replace("@/postgres?", f"@/{database}?")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server's own database."""
    with tempfile.TemporaryDirectory(prefix="star-pg-", ignore_cleanup_errors=True) as folder:
        # These tests don't pull its plug; those that do start servers of their own.
        server = EmbeddedPostgres(Path(folder) / "postgres", {**SETTINGS, "fsync": "off", "full_page_writes": "off"})
        yield server.start()
        server.stop()


@pytest.fixture(scope="session")
async def database_template(postgres_url: str) -> str:
    """A database as `star migrate` leaves it."""
    # Creating and dropping databases waits for the disk, again and again; this server need not outlive a power cut.
    await _execute(postgres_url, "ALTER SYSTEM SET fsync = off")
    await _execute(postgres_url, "SELECT pg_reload_conf()")
    await _execute(postgres_url, f"CREATE DATABASE {TEMPLATE}")
    await migrate(url_of(postgres_url, TEMPLATE), TREES)
    return TEMPLATE


@pytest.fixture
async def database_url(postgres_url: str, database_template: str) -> AsyncIterator[str]:
    """A fresh database with all schemas; dropped afterwards, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    await _execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {database_template} STRATEGY file_copy")
    yield url_of(postgres_url, name)
    await _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
