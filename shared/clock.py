"""Time as a value that is passed in, so that rules and tests decide what "now" is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present moment, always with an offset."""


def utc_now() -> datetime:
    """The system's clock, in UTC."""
    return datetime.now(UTC)
