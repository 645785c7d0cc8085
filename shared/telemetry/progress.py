"""Liveness as progress: a loop says that it went round, and `/healthz` believes only loops that did so lately."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.clock import Clock, utc_now

STUCK_AFTER: Final = timedelta(minutes=3)
"""No wait in a loop is longer than a minute, retries of an absent dependency included; three say that it hangs."""


@dataclass
class Progress:
    """When each named loop of this process last went round."""

    clock: Clock = utc_now
    _beats: dict[str, datetime] = field(default_factory=dict)

    def loop(self, name: str) -> Callable[[], None]:
        """Registers a loop, counted as having just gone round; answers what it calls each time it does."""

        def beat() -> None:
            self._beats[name] = self.clock()

        beat()
        return beat

    def stuck(self) -> list[str]:
        """The loops that have not gone round for too long."""
        oldest = self.clock() - STUCK_AFTER
        return sorted(name for name, at in self._beats.items() if at < oldest)
