"""Disks: the room left where this machine's parts write."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.doctor.finding import Finding

NAME: Final = "disk"
FULL: Final = 512 * 1024 * 1024
"""Bytes. PostgreSQL needs room for a checkpoint's log to go on at all."""

LOW: Final = 5 * 1024 * 1024 * 1024
"""Bytes. A school's year takes some 200 MB with its log, a backup of it as much again."""

LOW_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Room:
    """A folder's file system, in bytes."""

    folder: Path
    free: int
    total: int


def look_at_disk(*folders: Path) -> Finding:
    """The fullest of these folders' file systems. The disks of a database or a broker elsewhere are not seen from here."""
    rooms = []
    for folder in folders:
        present = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()), None)
        if present is not None:
            usage = shutil.disk_usage(present)
            rooms.append(Room(folder, usage.free, usage.total))
    return judge_room(rooms)


def judge_room(rooms: list[Room]) -> Finding:
    """Pure. The worst of them."""
    worst = min(rooms, key=lambda room: room.free)
    detail = f"{worst.free / 1024**3:.1f} of {worst.total / 1024**3:.0f} GB are free at {worst.folder}"
    if worst.free < FULL:
        return Finding(NAME, "fail", detail, "make room now: the database stops when its disk is full")
    if worst.free < LOW and worst.free < LOW_SHARE * worst.total:
        return Finding(NAME, "warn", detail, "make room: move backups away, or give it a larger disk")
    return Finding(NAME, "ok", detail)
