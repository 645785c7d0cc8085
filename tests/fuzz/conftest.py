"""One ground for all."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.logins import migrate_all
from shared.settings import Settings
from tests.fuzz.ground import Ground, served
from tests.support.own_postgres import own_postgres


@pytest.fixture(scope="package")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The APIs, on a server of their own: what is made up must not meet other tests."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with own_postgres(folder / "postgres") as server:
        asyncio.run(migrate_all(Settings(database_url=server.url)))
        with served(server.url, folder / "data") as ground:
            yield ground
