"""The days played so far: a small file in the data folder, so that the next run carries on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from shared.files import write_whole

FILE: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class Diary:
    """How far the made-up school's term has been played. The service itself is asked whether that is so."""

    term: str = ""
    posted_until: str = ""
    """The last roll call that was posted whole, like `2026-11-20 PM`."""

    corrected_until: str = ""
    """The moment (RFC 3339, UTC) up to which corrections were posted."""

    @classmethod
    def read(cls, data: Path) -> Self:
        """The data folder's; an empty one when there is none, or none that can be read."""
        try:
            return cls(**json.loads((data / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, data: Path) -> None:
        """Puts this one in the place of the last, whole at any moment."""
        write_whole(data / FILE, (json.dumps(asdict(self), indent=2) + "\n").encode())
