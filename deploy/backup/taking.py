"""A backup of a set-up that runs on meanwhile."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.backup import repository, tools
from deploy.backup.manifest import DATA, DUMP, FILE, BackupError, Manifest, checksum
from deploy.backup.objects import SPOOL, check_address, send, spool
from deploy.embedded.trees import TREES
from deploy.topics import READERS
from shared.bus.embedded.bus import SCHEMA as BUS
from shared.db.engine import create_owner_engine
from shared.files import PRIVATE, UNFINISHED, sync_folder, write_whole
from shared.measures.backups import note_backup
from shared.settings import Settings
from shared.version import VERSION

LEFT_OUT: Final = ("postgres", "sandbox", "address", "last-backup", SPOOL, "lock", "*.lock", "star.log*", f"*{UNFINISHED}")
"""Files and folders of the data folder that are in the dump, are made again, or belong to what runs now. All others are kept: a key that is
new in a release must not be forgotten here."""

PRIVATE_FOLDER: Final = 0o700
_NAME: Final = "star-%Y%m%dT%H%M%SZ"


async def take(settings: Settings, destination: Path, now: datetime) -> Path:
    """The new backup's folder below the destination, whole or not there. Notes its time for the alarm. Raises BackupError, OSError.

    `now` is in UTC.
    """
    folder = await _write(settings, destination, now)
    note_backup(settings.data, now)
    return folder


async def take_to(settings: Settings, address: str, now: datetime) -> str:
    """The address of the new backup below an address of storage. Notes its time for the alarm. Raises BackupError, OSError."""
    # Before a long dump for nothing.
    await asyncio.to_thread(check_address, address)
    with spool(settings.data) as folder:
        own = await asyncio.to_thread(send, await _write(settings, folder, now), address)
    note_backup(settings.data, now)
    return own


async def _write(settings: Settings, destination: Path, now: datetime) -> Path:
    folder = destination / now.strftime(_NAME)
    if folder.exists():
        raise BackupError(f"{folder} is there already: wait a second")
    draft = folder.with_name(folder.name + UNFINISHED)
    await asyncio.to_thread(draft.mkdir, mode=PRIVATE_FOLDER, parents=True)
    try:
        schemas = tuple(tree.schema for tree in TREES if settings.bus == "embedded" or tree.schema != BUS)
        unread = await _dump(settings, schemas, draft / DUMP)
        await asyncio.to_thread(_copy_files, settings.data, draft / DATA)
        files = {str(file.relative_to(draft)): str(checksum(file)) for file in sorted(draft.rglob("*")) if file.is_file()}
        manifest = Manifest(version=VERSION, taken_at=now, bus=settings.bus, schemas=schemas, unread=unread, files=files)
        await asyncio.to_thread(write_whole, draft / FILE, manifest.model_dump_json(indent=2).encode())
        draft.rename(folder)
        sync_folder(destination)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def _copy_files(data: Path, folder: Path) -> None:
    if data.is_dir():
        shutil.copytree(data, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for file in folder.parent.rglob("*"):
        file.chmod(PRIVATE_FOLDER if file.is_dir() else PRIVATE)


async def _dump(settings: Settings, schemas: Sequence[str], file: Path) -> int:
    """Dumps the schemas; answers how many messages of the bus in the dump are unread.

    One snapshot of all, so that each consumed offset stands beside what was made of it, and what is published meanwhile is in neither.
    """
    engine = create_owner_engine(settings.database_url)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            unread = await repository.unread(connection, READERS, BUS) if settings.bus == "embedded" else 0
            chosen = [f"--schema={schema}" for schema in schemas]
            seen = await repository.snapshot(connection)
            await tools.run("pg_dump", settings.database_url, "--format=custom", f"--snapshot={seen}", *chosen, f"--file={file}")
    finally:
        await engine.dispose()
    return unread
