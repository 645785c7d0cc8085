"""The data folder of `star run` belongs to one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataFolderInUseError(RuntimeError):
    """Another process runs on this data folder: stop it first, or choose another with --data."""


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Keeps the data folder to this process. Raises DataFolderInUseError."""
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderInUseError(f"{data} is in use by another process: stop it first, or choose another with --data") from error
        yield
    finally:
        os.close(descriptor)
