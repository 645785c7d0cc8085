"""When the last backup was whole: a file in the data folder, which whoever makes backups writes."""

from datetime import datetime
from pathlib import Path
from typing import Final

from shared.files import write_whole

FILE: Final = "last-backup"


def note_backup(data: Path, at: datetime) -> None:
    """Notes that a backup was whole at this time."""
    write_whole(data / FILE, at.isoformat().encode())


def last_backup(data: Path) -> datetime | None:
    """The time of the last backup, in RFC 3339; None without one, or where the file says no time."""
    try:
        at = datetime.fromisoformat((data / FILE).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    return at.astimezone()
