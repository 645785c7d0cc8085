"""Long work on a loop that others wait for: after a few items it is their turn."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

ITEMS: Final = 50
"""Items of a turn. Reading and checking a student takes about 50 microseconds, so that others wait for some milliseconds."""


async def in_turns(items: Iterable[T], at_once: int = ITEMS) -> AsyncIterator[T]:
    """The items, in their order; after so many of them, whatever else waits on the loop goes on first."""
    for number, item in enumerate(items, 1):
        yield item
        if number % at_once == 0:
            await asyncio.sleep(0)
