"""How fast letters may leave: a token bucket, whose waits are bounded and end when the process is asked to stop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.waiting import wait_until_set
from shared.worklist.tasks import Retry

LONGEST_WAIT: Final = timedelta(seconds=20)
"""A letter that would have to wait longer goes back on the worklist until its turn has come."""

BURST_SECONDS: Final = 1.0
"""How much of a quiet time is made up for at once: a second's worth."""


@dataclass(slots=True)
class TokenBucket:
    """Tokens that come in at a steady rate. Pure: the caller says what time it is, in seconds of a clock that never goes back.

    Taking one that is not there yet books it, and answers how long to wait.
    """

    per_minute: int
    level: float = 1.0
    at: float | None = None

    def book(self, now: float, longest: float) -> tuple[float, bool]:
        """The seconds until a token is there, and whether it was booked: none is where they are more than `longest`."""
        rate = self.per_minute / 60
        most = max(1.0, rate * BURST_SECONDS)
        if self.at is not None:
            self.level = min(most, self.level + max(0.0, now - self.at) * rate)
        self.at = now
        wait = max(0.0, (1.0 - self.level) / rate)
        if wait > longest:
            return wait, False
        self.level -= 1.0
        return wait, True


class Pace:
    """The pace of one way out in this process; None for as fast as it goes."""

    def __init__(
        self, per_minute: int | None, stop: asyncio.Event | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bucket = TokenBucket(per_minute) if per_minute is not None else None
        self._stop = stop or asyncio.Event()
        self._monotonic = monotonic

    async def turn(self) -> Retry | None:
        """Waits for the next turn: None when it has come, else when to try again."""
        if self._bucket is None:
            return None
        wait, booked = self._bucket.book(self._monotonic(), LONGEST_WAIT.total_seconds())
        if not booked:
            return Retry("the rate limit is reached", timedelta(seconds=wait), counts=False)
        if wait > 0 and await wait_until_set(self._stop, wait):
            return Retry("stopped while it waited for its turn", timedelta(0), counts=False)
        return None
