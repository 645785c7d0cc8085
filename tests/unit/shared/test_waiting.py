"""Waits with a bound, which a cancellation always ends."""

import asyncio

import pytest

from shared.waiting import wait_until_set


async def test_it_tells_whether_it_happened_in_time() -> None:
    event = asyncio.Event()
    assert not await wait_until_set(event, 0.001)
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await wait_until_set(event, 30)
    assert await wait_until_set(event, 0)


@pytest.mark.parametrize("set_first", [True, False])
async def test_a_cancellation_is_never_lost_to_the_event(set_first: bool) -> None:
    event = asyncio.Event()

    async def forever() -> None:
        while True:
            await wait_until_set(event, 30)
            event.clear()

    waiting = asyncio.create_task(forever())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    # Both in one turn of the loop.
    if set_first:
        event.set()
    waiting.cancel()
    event.set()
    await asyncio.wait({waiting}, timeout=30)
    assert waiting.cancelled()
