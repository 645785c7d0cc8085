"""FILE.star-progress: how far an import came, kept beside the file until it is through. Nothing of the rows is in it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.importing.outcome import Outcome


class Task(Struct, frozen=True):
    """What is imported and where to. Another file, school or mapping is another import."""

    digest: str
    url: str
    school: str
    kind: str
    told: Mapping[str, str]
    recorded_at: str | None
    """As the sender gave it; None where the file's own time is taken."""


class Bookmark(Struct):
    """A task, the moment of its rows that say none, and how far it came."""

    task: Task
    recorded_at: str
    line: int = 0
    outcome: Outcome = msgspec.field(default_factory=Outcome)

    def write(self, path: Path) -> None:
        """Keeps it: whole or not at all, whenever the process ends."""
        new = path.with_name(path.name + ".new")
        new.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        new.replace(path)


def bookmark_path(file: Path) -> Path:
    """Where the bookmark of a file lies."""
    return file.with_name(file.name + ".star-progress")


def read_bookmark(path: Path, task: Task) -> Bookmark | None:
    """The bookmark of this very task, if there is one."""
    try:
        bookmark = msgspec.json.decode(path.read_bytes(), type=Bookmark)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return bookmark if bookmark.task == task else None
