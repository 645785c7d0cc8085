"""Waiting for an event, with a bound.

`asyncio.wait_for` of Python 3.11 can swallow a cancellation that arrives as the wait ends, and a loop that was told to die would live on.
`asyncio.timeout` does not.
"""

import asyncio


async def happened(event: asyncio.Event, seconds: float) -> bool:
    """Returns as soon as the event is set, or after so many seconds; answers whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
