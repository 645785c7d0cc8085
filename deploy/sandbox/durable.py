"""Files that are whole or not there: written under another name, synced, renamed. Blocking; call them in a thread."""

import os
from pathlib import Path

_UNFINISHED = ".tmp"


def write_durably(path: Path, data: bytes) -> None:
    """Writes the file so that after the return a crash keeps it, and before it leaves nothing under `path`.

    Raises OSError when the disk says no.
    """
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_durably(paths: list[Path]) -> None:
    """Removes the files, all of one folder; one that is gone already is no error."""
    for path in paths:
        path.unlink(missing_ok=True)
    if paths:
        _sync_folder(paths[0].parent)


def kept_files(folder: Path) -> list[Path]:
    """The whole `.json` files of the folder by name. Makes the folder, and sweeps what a crash left half written."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"*{_UNFINISHED}"):
        leftover.unlink()
    return sorted(folder.glob("*.json"))


def _sync_folder(folder: Path) -> None:
    # The rename itself lives in the folder; without this the name may be lost although the content is safe.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
