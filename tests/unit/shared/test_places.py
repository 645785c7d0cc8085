"""The number of places follows what the other side bears."""

import asyncio

from shared.places import NOT_MORE_FOR, Places


async def carry(places: Places, number: int) -> None:
    """So many things that wait for a place, go well, and give it back."""

    async def one() -> None:
        await places.acquire()
        await asyncio.sleep(0)
        places.carried()
        places.release()

    await asyncio.gather(*(one() for _ in range(number)))


async def test_a_few_places_become_as_many_as_may_be_while_they_are_wanted() -> None:
    places = Places(10)
    assert places.limit == 4
    await carry(places, 100)
    assert places.limit == 10


async def test_places_that_are_not_all_taken_are_enough() -> None:
    places = Places(10)
    for _ in range(100):
        await carry(places, 1)
    assert places.limit == 4


async def test_a_side_that_asks_for_fewer_gets_no_more_for_a_while_and_then_one_a_round() -> None:
    now = 0.0
    places = Places(10, monotonic=lambda: now)
    await carry(places, 100)
    places.shrink(3)
    await carry(places, 100)
    assert places.limit == 3
    now = NOT_MORE_FOR
    await carry(places, 3)
    assert places.limit == 4
    await carry(places, 3)
    assert places.limit == 4
    places.shrink(0)
    assert places.limit == 1


async def test_whoever_gives_up_waiting_takes_no_place_along() -> None:
    places = Places(1)
    await places.acquire()
    waiting = asyncio.create_task(places.acquire())
    await asyncio.sleep(0)
    places.release()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(places.acquire(), 1)
