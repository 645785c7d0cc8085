"""The address of the last `star run` on a data folder, for commands that print addresses."""

from pathlib import Path
from typing import Final

from shared.files import write_whole

FILE: Final = "address"
USUAL: Final = "http://127.0.0.1:8000"


def keep_address(data: Path, base_url: str) -> None:
    """Writes it down."""
    write_whole(data / FILE, base_url.encode())


def last_address(data: Path) -> str:
    """The address; the usual one before there was any run."""
    path = data / FILE
    return path.read_text() if path.exists() else USUAL
