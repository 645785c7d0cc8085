"""Long work lets others go on after a few items, and loses none of them."""

import asyncio

from shared.turns import in_turns


async def test_others_have_their_turn_after_so_many_items() -> None:
    seen: list[str] = []

    async def other() -> None:
        for number in range(2):
            seen.append(f"other {number}")
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    async for item in in_turns(range(5), at_once=2):
        seen += [str(item)]
    await beside
    assert seen == ["0", "1", "other 0", "2", "3", "other 1", "4"]


async def test_nothing_is_a_turn_of_its_own() -> None:
    assert [item async for item in in_turns([])] == []
