"""An outage of the Ministry's end: one upload asks whether it is over, and all others wait for the answer. Pure; seconds are monotonic.

Each upload for itself would find out when its own pause ends, up to an hour later. So after a few attempts in a row that found nobody, a
single one is made at a time, soon at first and every fifteen seconds in the end. Its answer holds for all.
"""

from dataclasses import dataclass
from typing import Final

IN_A_ROW: Final = 3
"""Attempts that find nobody before that is taken for an outage: a connection breaks now and then."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 15.0

AWAY: Final = frozenset({"unreachable", "timeout", "http-502", "http-503", "http-504"})
"""Codes of answers that speak of the Ministry's end and of no upload."""

TOO_MANY: Final = "http-429"


@dataclass(slots=True)
class Circuit:
    """The state of one way to the Ministry, as this process knows it."""

    failures: int = 0
    pause: float = 0.0
    ask_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is an outage."""
        return self.failures >= IN_A_ROW

    def may_go(self, now: float) -> bool:
        """Whether an upload may be sent now. In an outage that is for one alone, and its answer is waited for."""
        if not self.is_open:
            return True
        if now < self.ask_at:
            return False
        self.ask_at = now + LONGEST_PAUSE
        return True

    def found_nobody(self, now: float, *, after: float = 0.0) -> None:
        """An attempt found nobody; `after`: the seconds for which the other side asked us to wait."""
        self.failures += 1
        self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self.ask_at = now + max(self.pause, after)

    def answered(self) -> bool:
        """Somebody answered; True where that ends an outage."""
        was_open = self.is_open
        self.failures, self.pause, self.ask_at = 0, 0.0, 0.0
        return was_open
