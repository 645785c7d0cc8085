"""A library's log that repeats itself: while a broker is away, aiokafka says so thousands of times a second."""

import logging
import time
from collections.abc import Callable
from typing import Final

EACH: Final = 60.0
"""Seconds within which a line is written once, whatever values it holds."""


class Once(logging.Handler):
    """Passes a logger's records on to the root's handlers, each kind of line once in `EACH`, with how many were left out before it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._written: dict[tuple[str, str], float] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record, or counts it."""
        now, kind = self._monotonic(), (record.name, str(record.msg))
        if now - self._written.get(kind, -EACH) < EACH:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return
        self._written[kind] = now
        left_out = self._left_out.pop(kind, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more like it)", ()
        logging.getLogger().handle(record)


def say_once(logger: str) -> None:
    """Has a logger, and those below it, repeat nothing."""
    quiet = logging.getLogger(logger)
    quiet.handlers[:] = [Once()]
    quiet.propagate = False
