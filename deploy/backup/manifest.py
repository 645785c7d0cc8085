"""The list of what is in a backup, by which a restore knows that it is whole and that it may be used here."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

FILE: Final = "manifest.json"
DUMP: Final = "database.dump"
DATA: Final = "data"
"""The folder with the files of the data folder: keys, and the lists of what was revoked and erased."""


class BackupError(RuntimeError):
    """The backup can't be taken or used; the message says why, and what to do."""


class Manifest(BaseModel):
    """`files`: SHA-256 of each file by its path. `unread`: records of the bus in the dump that a group had still to read."""

    model_config = ConfigDict(frozen=True)

    version: str
    taken_at: datetime
    bus: Literal["embedded", "kafka"]
    schemas: tuple[str, ...]
    unread: int
    files: dict[str, str]

    def is_newer_than(self, version: str) -> bool:
        """Whether a release after this version took it: its tables are unknown here."""
        return _numbers(self.version) > _numbers(version)


def listed(backup: Path) -> list[str]:
    """The names of a backup's files, by its list. Raises BackupError."""
    return sorted(_list_of(backup).files)


def read(backup: Path) -> Manifest:
    """The list of a backup, all of whose files are as they were. Raises BackupError."""
    manifest = _list_of(backup)
    damaged = [name for name, sum_ in manifest.files.items() if checksum(backup / name) != sum_]
    if damaged:
        raise BackupError(f"{backup} is damaged: {', '.join(damaged)}; take another backup")
    return manifest


def _list_of(backup: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((backup / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupError(f"{backup} is no backup: its {FILE} can't be read") from error


def checksum(file: Path) -> str | None:
    """SHA-256 of a file, in hexadecimal; None if it is not there."""
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])
