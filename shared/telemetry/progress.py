"""Liveness as progress, and readiness: a loop says that it went round, and a worker says what it can't do without.

`/healthz` believes only loops that went round lately; `/readyz` asks the checks.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

STUCK_AFTER: Final = timedelta(minutes=3)
"""No wait in a loop is longer than a minute, retries of an absent dependency included; three say that it hangs."""


Check = Callable[[], Awaitable[object]]
"""Raises when what it asks does not answer."""


@dataclass
class Progress:
    """When each named loop of this process last went round, and what its workers depend on."""

    monotonic: Callable[[], float] = time.monotonic
    checks: dict[str, Check] = field(default_factory=dict)
    _beats: dict[str, float] = field(default_factory=dict)

    def loop(self, name: str) -> Callable[[], None]:
        """Registers a loop, counted as having just gone round; answers what it calls each time it does."""

        def beat() -> None:
            self._beats[name] = self.monotonic()

        beat()
        return beat

    @contextmanager
    def asking(self, checks: Mapping[str, Check]) -> Iterator[None]:
        """Has `/readyz` ask these too while the body runs."""
        self.checks.update(checks)
        try:
            yield
        finally:
            for name in checks:
                del self.checks[name]

    def stuck(self) -> list[str]:
        """The loops that have not gone round for too long."""
        oldest = self.monotonic() - STUCK_AFTER.total_seconds()
        return sorted(name for name, at in self._beats.items() if at < oldest)
