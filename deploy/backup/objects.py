"""Backups in S3-compatible storage: a folder's files as objects below an address such as `s3://bucket/prefix`.

The library is obstore (the extra `s3`); it reads credentials, region and endpoint from AWS_ variables, and sends large files in parts.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.backup.manifest import FILE, BackupError, listed
from shared.files import PRIVATE

if TYPE_CHECKING:
    from obstore.store import S3Store

SPOOL: Final = "backup-on-its-way"
"""The folder in the data folder that a backup lies in while it is sent or fetched: the disk of the database has room for a dump of it."""

_ADDRESS: Final = re.compile(r"s3://[^/]+(/.+)?")


@contextmanager
def spool(data: Path) -> Iterator[Path]:
    """An empty folder of this process's own, private, gone in the end; what a killed process left there goes first. Raises BackupError."""
    folder = data / SPOOL
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"another backup is on its way in {folder}: wait for its end") from error
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)


def check_address(address: str) -> None:
    """Raises BackupError where a backup can't go to, or come from, this address."""
    if not _ADDRESS.fullmatch(address):
        raise BackupError(f"{address} is no address of storage: write s3://BUCKET/PREFIX")
    _store(address)


def send(backup: Path, address: str) -> str:
    """Copies a backup to below the address; answers its own. Its list goes last: without one, it is no backup. Raises BackupError."""
    import obstore  # noqa: PLC0415 - an extra, and of use to these commands alone

    own = f"{address.rstrip('/')}/{backup.name}"
    store = _store(own)
    files = sorted((file for file in backup.rglob("*") if file.is_file()), key=lambda file: (file.name == FILE, file))
    with _explained(own):
        for file in files:
            obstore.put(store, file.relative_to(backup).as_posix(), file)
    return own


def fetch(address: str, folder: Path) -> None:
    """Copies the backup at an address into the folder, by its list. A file that is gone is left to the check of it. Raises BackupError."""
    store = _store(address)
    with _explained(address):
        try:
            _copy(store, FILE, folder)
        except FileNotFoundError as error:
            raise BackupError(f"{address} is no backup: there is no {FILE}; write the address that `star backup --to` printed") from error
        for name in listed(folder):
            if not (folder / name).resolve().is_relative_to(folder.resolve()):
                raise BackupError(f"{address} is no backup: its list has the name {name}")
            with suppress(FileNotFoundError):
                _copy(store, name, folder)


def _copy(store: "S3Store", name: str, folder: Path) -> None:
    import obstore  # noqa: PLC0415

    found = obstore.get(store, name)
    file = folder / name
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("wb") as out:
        for part in found.stream():
            out.write(part)
    file.chmod(PRIVATE)


def _store(address: str) -> "S3Store":
    try:
        from obstore.store import S3Store  # noqa: PLC0415
    except ImportError as error:
        raise BackupError("storage needs the extra s3: pip install 'star-engine[s3]'") from error
    return S3Store.from_url(address)


@contextmanager
def _explained(address: str) -> Iterator[None]:
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        yield
    except (BaseError, OSError) as error:
        # The library's own words are long, and may hold a server's answer.
        raise BackupError(
            f"{address} can't be used ({type(error).__name__}): look at AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
        ) from error
