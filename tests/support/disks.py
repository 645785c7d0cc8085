"""Disks of a folder's own, small enough to be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class NotPermittedError(RuntimeError):
    """This user may not mount here."""


@contextmanager
def small_disk(folder: Path, megabytes: int = 300) -> Iterator[None]:
    """A disk of its own for the folder, which is made. Raises NotPermittedError."""
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise NotPermittedError(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(ballast: Path) -> None:
    """Writes a file until its disk has not one page left."""
    with ballast.open("wb", buffering=0) as file:
        for piece in (bytes(1 << 20), bytes(4096)):
            with suppress(OSError):
                while file.write(piece) == len(piece):
                    pass
