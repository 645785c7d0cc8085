"""Waiting for what follows from what was sent: asking again, for so long and no longer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

PAUSE: Final = 0.25
LONGEST: Final = 30.0
STEADY_FOR: Final = 1.5


async def until(ask: Callable[[], Awaitable[T]], good: Callable[[T], bool], longest: float = LONGEST) -> T:
    """Asks until the answer is good, or the time is up: the last answer, either way."""
    loop = asyncio.get_running_loop()
    end = loop.time() + longest
    while True:
        answer = await ask()
        if good(answer) or loop.time() >= end:
            return answer
        await asyncio.sleep(PAUSE)


async def until_steady(ask: Callable[[], Awaitable[T]], longest: float = LONGEST, steady_for: float = STEADY_FOR) -> T:
    """Asks until the answer has been the same for a while, or the time is up: the last answer, either way."""
    loop = asyncio.get_running_loop()
    last: T | None = None
    since = loop.time()

    def steady(answer: T) -> bool:
        nonlocal last, since
        if answer != last:
            last, since = answer, loop.time()
        return loop.time() - since >= steady_for

    return await until(ask, steady, longest)
