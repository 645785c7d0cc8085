"""Waiting for an event, with a bound.

`asyncio.wait_for` of Python 3.11 can swallow a cancellation that arrives as the wait ends, and a loop that was told to die would live on.
`asyncio.timeout` does not.
"""

import asyncio


async def wait_until_set(event: asyncio.Event, seconds: float) -> bool:
    """Returns as soon as the event is set, or after so many seconds; answers whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def wait_until_any_set(seconds: float, *events: asyncio.Event) -> bool:
    """Returns as soon as one of the events is set, or after so many seconds; answers whether one is."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return any(event.is_set() for event in events)
