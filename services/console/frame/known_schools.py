"""Schools by number, for a minute: their names, clocks and terms stand on every page, and change a few times a year."""

import time
from collections.abc import Callable
from typing import Any, Final

from services.console.asking.part import Part

FOR: Final = 60.0
MOST: Final = 5_000


class KnownSchools:
    """The last answers about each school. Whether somebody may see a school is not asked here."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Part[Any]]] = {}

    def get(self, number: str) -> Part[Any] | None:
        """The answer about a school, if it is not older than a minute."""
        known = self._known.get(number)
        return known[1] if known is not None and self._monotonic() < known[0] else None

    def keep(self, number: str, part: Part[Any]) -> None:
        """Keeps an answer that came."""
        if part.data is None:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[number] = (self._monotonic() + FOR, part)
