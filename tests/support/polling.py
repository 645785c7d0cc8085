"""Waiting for what other tasks and processes bring about: bounded, and never longer than it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 30.0
PAUSE = 0.02


async def eventually(look: Callable[[], Awaitable[object]], expected: object, patience: float = PATIENCE) -> None:
    """Looks until it sees what is expected; fails with what it saw in the end."""
    deadline = time.monotonic() + patience
    while (seen := await look()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"expected {expected!r}, and saw {seen!r} in the end")
        await asyncio.sleep(PAUSE)
