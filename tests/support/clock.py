"""A clock of the test's own."""

from datetime import datetime
from typing import Generic, TypeVar

Time = TypeVar("Time", datetime, float)


class ManualClock(Generic[Time]):
    """Stands still until a test sets it: a time of day, or the seconds of a monotonic clock."""

    def __init__(self, now: Time) -> None:
        self.now = now

    def __call__(self) -> Time:
        return self.now
