"""Files that are whole or not there, whenever a process dies. All of it blocks: call it in a thread where others would wait."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".tmp"
"""How the name of a file ends while it is being written. A crash leaves it behind; nobody reads it."""

PRIVATE: Final = 0o600
"""The mode of a file that only its owner reads."""

OWNER_ONLY: Final = 0o077
"""The umask of every command of ours: what others can't do with new files and folders, which is everything."""


def write_whole(path: Path, content: bytes) -> None:
    """Puts the content in the place of the file: readers find the old one or the new one, and after the return a crash keeps the new one.

    The file is private. Raises OSError when the disk says no; then nothing has changed.
    """
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a private file, made on first use with its folder. Where several processes come first at once, all get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft(path, make())
        try:
            # A link fails when the name is taken: the first process decides, and nobody reads half a file.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(path.parent)
    return path.read_bytes()


def sync_folder(folder: Path) -> None:
    """Has the folder itself survive a crash: a new name lives there, and would be lost although the content is safe."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: bytes) -> Path:
    # A name of its own: two processes may write the same file.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
