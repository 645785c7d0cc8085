"""The migrated template of the tests' databases, in a server's data folder that is made once for all runs on the same code."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.locks import locked

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache"
TEMPLATE = "star_template"

MOST = 8
"""Folders that are kept, of 50 MB each, for those who go to and fro between branches."""


def url_of(server_url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return server_url.replace("@/postgres?", f"@/{database}?")


def data_folder(folder: Path) -> None:
    """Makes the data folder of a server that has not started yet: in 0.1 seconds from a copy, else in three."""
    with locked(CACHE / "postgres.lock"):
        kept, unfinished = CACHE / f"postgres-{_digest()}", CACHE / "postgres.new"
        if kept.exists():
            kept.touch()
            return _copy(kept, folder)
        # A process of its own: nobody else has to import the migrations.
        subprocess.run([sys.executable, "-m", "tests.support.template", folder], cwd=PROJECT, check=True, capture_output=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy(folder, unfinished)
        unfinished.rename(kept)
        for outdated in sorted(CACHE.glob("postgres-*"), key=lambda path: path.stat().st_mtime)[:-MOST]:
            shutil.rmtree(outdated)


def _copy(source: Path, target: Path) -> None:
    """With its owner: run by root, the server is another user's."""
    subprocess.run(["cp", "-a", source, target], check=True)


def _digest() -> str:
    """Changes with whatever the template is made by."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    yield Path(__file__)
    yield PROJECT / "constraints.txt"
    yield from (PROJECT / "shared").rglob("*.py")
    yield from (PROJECT / "deploy" / "embedded").rglob("*.py")
    yield from (PROJECT / "services").glob("*/migrations/**/*.py")


if __name__ == "__main__":
    import asyncpg

    from deploy.embedded.postgres import SETTINGS, EmbeddedPostgres
    from deploy.embedded.trees import TREES
    from shared.db.migrate import migrate

    async def make_template(url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
        await connection.close()
        await migrate(url_of(url, TEMPLATE), TREES)

    # No test of this server pulls its plug; those that do start servers of their own. Its log is not to fill the memory.
    hasty = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB"}
    server = EmbeddedPostgres(Path(sys.argv[1]), {**SETTINGS, **hasty})
    try:
        asyncio.run(make_template(server.start()))
    finally:
        server.stop()
