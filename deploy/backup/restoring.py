"""A backup put in the place of what is there: on this machine or another, on the bus that it had or on another."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from deploy.backup import repository, tools
from deploy.backup.manifest import DATA, DUMP, BackupError, Manifest, checksum, read
from deploy.backup.placing import TopicState, check_broker, place_groups
from deploy.logins import migrate_all
from deploy.topics import READERS
from shared.db.engine import create_owner_engine
from shared.files import PRIVATE
from shared.settings import Settings
from shared.version import VERSION

SILENT: Final = timedelta(seconds=45)
"""A process that has announced nothing for so long is not live."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: `owner_url` is the login that may replace the schemas, `settings` have those of the services."""

    settings: Settings
    owner_url: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put in place, and how the bus stands to it.

    `topics`: where the bus is the same Kafka, each topic that was read from.
    """

    manifest: Manifest
    bus: Literal["embedded", "kafka", "other"]
    topics: Mapping[str, TopicState]


async def restore(backup: Path, target: Target, *, replace: bool) -> Restored:
    """Puts the backup in place and brings it to this release. Raises BackupError before anything is changed.

    `replace`: also where the database holds schools, or the data folder has other keys.
    """
    settings = target.settings
    manifest = await asyncio.to_thread(read, backup)
    if manifest.is_newer_than(VERSION):
        raise BackupError(f"release {manifest.version} took the backup, and this is {VERSION}: install that release first")
    if manifest.bus != settings.bus and manifest.unread:
        raise BackupError(
            f"{manifest.unread} records of the bus in the backup had not been read, and would be lost on another bus: "
            "stop what posts marks, wait until `star lag` says 0, and take another backup"
        )
    kept = {name.removeprefix(f"{DATA}/"): backup / name for name in manifest.files if name.startswith(f"{DATA}/")}
    others = [name for name, file in kept.items() if checksum(settings.data / name) not in {None, checksum(file)}]
    if others and not replace:
        raise BackupError(f"{settings.data} has other files of the names {', '.join(others)}: choose another folder, or add --replace")
    await _check_database(target, manifest, replace=replace)
    same_bus = manifest.bus == settings.bus
    if same_bus and settings.bus == "kafka":
        await check_broker(settings)
    # For the roles, which are no part of a dump.
    await migrate_all(settings)
    await _make_room(target.owner_url, manifest)
    await tools.run("pg_restore", target.owner_url, "--exit-on-error", str(backup / DUMP))
    # The backup may be of an earlier release.
    await migrate_all(settings)
    topics: Mapping[str, TopicState] = {}
    if not same_bus:
        await _leave_bus(target.owner_url)
    elif settings.bus == "kafka":
        topics = await place_groups(settings, target.owner_url, READERS)
    await asyncio.to_thread(_place, kept, settings.data)
    return Restored(manifest, settings.bus if same_bus else "other", topics)


async def _check_database(target: Target, manifest: Manifest, *, replace: bool) -> None:
    engine = create_owner_engine(target.owner_url)
    try:
        async with engine.connect() as connection:
            live = sum([await repository.live_parts(connection, schema, SILENT) for schema in manifest.schemas])
            held = await repository.schools(connection)
    finally:
        await engine.dispose()
    if live:
        raise BackupError(f"{live} processes work on the database: stop them, and try again after {SILENT.seconds} seconds")
    if held and not replace:
        raise BackupError(f"the database holds {held} schools: name another, or add --replace to lose them")


async def _make_room(owner_url: str, manifest: Manifest) -> None:
    engine = create_owner_engine(owner_url)
    try:
        async with engine.begin() as connection:
            await repository.make_room(connection, manifest.schemas)
    finally:
        await engine.dispose()


async def _leave_bus(owner_url: str) -> None:
    engine = create_owner_engine(owner_url)
    try:
        async with engine.begin() as connection:
            await repository.forget_consumed(connection, READERS)
    finally:
        await engine.dispose()


def _place(kept: Mapping[str, Path], data: Path) -> None:
    for name, file in kept.items():
        (data / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(file, data / name)
        (data / name).chmod(PRIVATE)
