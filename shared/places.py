"""Places for what is under way at another side at the same time, whose number follows what that side bears.

There are a few at first. Each success while all are taken makes one more, so that their number doubles in a round; after the other side has
asked for fewer, a whole round makes one more, and for a minute no more than it bore. TCP finds its pace in the same way (RFC 5681).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

NOT_MORE_FOR: Final = 60.0
"""Seconds for which a side that asked for fewer is not asked for more again."""


class Places:
    """At most `most` places, `first` to begin with."""

    def __init__(self, most: int, first: int = 4, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = self._ceiling = most
        self._monotonic = monotonic
        self._limit = min(first, most)
        self._taken = 0
        self._carried = 0
        self._is_careful = False
        self._ceiling_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """How many there are now."""
        return self._limit

    @property
    def taken(self) -> int:
        """How many are taken."""
        return self._taken

    async def acquire(self) -> None:
        """Takes a place; waits while all are taken, in turn."""
        if self._taken < self._limit and not self._waiting:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Gives a place back."""
        self._taken -= 1
        self._let_in()

    def carried(self) -> None:
        """Something went well in a place: where all are taken, that is a reason for more."""
        if self._taken < self._limit:
            return
        self._carried += 1
        ceiling = self._ceiling if self._monotonic() < self._ceiling_until else self._most
        if self._limit < ceiling and (not self._is_careful or self._carried >= self._limit):
            self._limit, self._carried = self._limit + 1, 0
            self._let_in()

    def shrink(self, to: int) -> None:
        """The other side asked for fewer: so many from now on."""
        self._limit = self._ceiling = max(min(to, self._limit), 1)
        self._ceiling_until = self._monotonic() + NOT_MORE_FOR
        self._is_careful, self._carried = True, 0

    def _let_in(self) -> None:
        while self._waiting and self._taken < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
