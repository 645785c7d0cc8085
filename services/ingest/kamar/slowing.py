"""Slows down wrong passwords, by user name and address, without slowing the right one.

A password is looked at first: the right one passes at once, whatever was tried before. A wrong one waits longer each time before it hears
so, up to a bound, and only so many wait that long at once: one more waits no longer than the first, and hears the same. The memory of wrong
ones is bounded too, and lasts a quarter of an hour.

Each wait, of one that finds the queue full as well, is counted from the arrival of its request, and is longer than any comparison takes:
the time of an answer does not tell whether a password was compared with a hash of version 0.1 (a tenth of a second), with one of today, or
with none.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FREE: Final = 3
"""Wrong passwords that wait no longer than the first: a person's typing errors."""

FIRST_WAIT: Final = 0.5
"""Seconds from the arrival of a request."""

LONGEST_WAIT: Final = 8.0
FORGOTTEN_AFTER: Final = 900.0

MOST_REMEMBERED: Final = 10_000
"""Pairs of user name and address: a megabyte or two. The one that was quiet longest goes first."""

MOST_WAITING: Final = 100
"""Requests that wait longer than the first at once: each holds a connection. Those beyond hold theirs for the first wait, in which a
process compares far fewer passwords than it has connections; with all of those busy, the server refuses before anything is compared."""


@dataclass
class Slowing:
    """The memory of one process."""

    monotonic: Callable[[], float] = time.monotonic
    waiting: int = 0
    _tried: OrderedDict[int, tuple[int, float]] = field(default_factory=OrderedDict)

    def wait_after(self, username: str, address: str) -> float:
        """Counts one more wrong password; answers the seconds between its arrival and its answer."""
        # The hash of a pair has one size, however long a name somebody makes up.
        pair, now = hash((username, address)), self.monotonic()
        tries, last = self._tried.pop(pair, (0, now))
        tries = 1 if now - last > FORGOTTEN_AFTER else tries + 1
        self._tried[pair] = (tries, now)
        if len(self._tried) > MOST_REMEMBERED:
            self._tried.popitem(last=False)
        # No power of a large number of tries, which anybody can make.
        return min(FIRST_WAIT * 2.0 ** min(max(tries - FREE - 1, 0), 10), LONGEST_WAIT)

    def forgive(self, username: str, address: str) -> None:
        """The right password came."""
        self._tried.pop(hash((username, address)), None)

    async def slow(self, username: str, address: str, arrived: float) -> None:
        """Lets a wrong password wait, which came at `arrived` by the monotonic clock."""
        wait = self.wait_after(username, address)
        if wait <= FIRST_WAIT or self.waiting >= MOST_WAITING:
            # An answer at once, or of another kind, would tell how long the comparison took, and so whether there is such a name.
            await asyncio.sleep(arrived + FIRST_WAIT - self.monotonic())
            return
        self.waiting += 1
        try:
            await asyncio.sleep(arrived + wait - self.monotonic())
        finally:
            self.waiting -= 1
