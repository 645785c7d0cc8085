"""A PostgreSQL server for the whole run, and a fresh, migrated database for each test that asks for one."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.keeper import kept
from tests.support.template import TEMPLATE, data_folder, url_of

MEMORY = Path("/dev/shm")
ROOM = 2**30
"""The most that a server takes: its log, the template and two databases of 11 MB; the rest is for tests that write much."""

STOP = 'kill -QUIT $(head -1 "$0/postgres/postmaster.pid"); rm -rf "$0"'
"""Ends a server whose tests were killed."""

_numbers = itertools.count(1)


def _fast_folder() -> Path | None:
    """The machine's memory where it has the room (a clone takes 30 ms there, and 160 ms on a disk), else the default folder."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server's own database."""
    with (
        tempfile.TemporaryDirectory(prefix="star-pg-", dir=_fast_folder(), ignore_cleanup_errors=True) as folder,
        kept(Path(folder) / "users", "sh", "-c", STOP, folder),
    ):
        data_folder(Path(folder) / "postgres")
        server = EmbeddedPostgres(Path(folder) / "postgres")
        yield server.start()
        server.stop()


@pytest.fixture(scope="session")
def database_template(postgres_url: str) -> str:
    """A database as `star migrate` leaves it."""
    return TEMPLATE


class Clones:
    """Makes databases from the template, and drops those that tests are done with, whoever is still connected."""

    def __init__(self, connection: asyncpg.Connection, template: str) -> None:
        self._connection = connection
        self._template = template
        self._done_with: list[str] = []

    async def make(self) -> str:
        name = f"test_{next(_numbers)}"
        await self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        return name

    async def done_with(self, name: str) -> None:
        """Ends the connections to this database, and drops those before.

        A connection takes a moment to end, and `DROP DATABASE` looks for it only every 100 ms: those of the last test are gone by now.
        """
        await self._connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await self.drop()
        self._done_with.append(name)

    async def drop(self) -> None:
        while self._done_with:
            await self._connection.execute(f"DROP DATABASE {self._done_with.pop()} WITH (FORCE)")


@pytest.fixture(scope="session")
async def clones(postgres_url: str, database_template: str) -> AsyncIterator[Clones]:
    """The maker of databases."""
    connection = await asyncpg.connect(postgres_url)
    clones = Clones(connection, database_template)
    yield clones
    await clones.drop()
    await connection.close()


@pytest.fixture
async def database_url(postgres_url: str, clones: Clones) -> AsyncIterator[str]:
    """A fresh database with all schemas; gone afterwards, whoever is still connected."""
    name = await clones.make()
    yield url_of(postgres_url, name)
    await clones.done_with(name)
