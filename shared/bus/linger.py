"""How long a group lets messages gather before it fetches again. Pure: the time is given.

A batch costs a transaction, its round trips and a wake-up of the relay, whatever it holds. Where little comes, each message is fetched
at once; where much comes, rounds begin `LONGEST` apart and share that cost. A group that is behind does not wait at all.
"""

from typing import Final

LONGEST: Final = 0.15
"""Seconds between the beginnings of two rounds, at most: a share of the half second that a crossing may take."""

QUIET: Final = 10.0
BUSY: Final = 50.0
"""Messages a second up to which nothing waits, and from which on rounds are `LONGEST` apart."""

_REMEMBERED: Final = 0.5
"""Seconds after which an older rate counts for half or less."""


class Linger:
    """The rate of one consumer's messages, and the wait that follows from it. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._began: float | None = None

    def wait(self, now: float) -> float:
        """Seconds to wait before the next round begins."""
        if self._began is None:
            return 0.0
        share = min(max((self._rate - QUIET) / (BUSY - QUIET), 0.0), 1.0)
        return max(self._began + LONGEST * share - now, 0.0)

    def begin(self, now: float, messages: int, *, behind: bool) -> None:
        """Notes a round: how many messages it fetched, and whether more are waiting than it could take."""
        elapsed = LONGEST if self._began is None else max(now - self._began, 0.001)
        weight = elapsed / (elapsed + _REMEMBERED)
        self._rate += (messages / elapsed - self._rate) * weight
        self._began = None if behind else now
