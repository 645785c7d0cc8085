"""No share of a kind waits for another one's flood, and no kind for another kind's, whatever waits of each."""

import asyncio
import math
import uuid
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.worklist import repository
from shared.worklist.repository import SHARES, Claimant, WorkItem, last_share, share_of
from tests.integration.shared.worklist.conftest import NOW, add, claim

MINUTE = timedelta(minutes=1)
EXAMPLES = 25

Waiting = dict[int, int]
"""How many items wait in each share."""

waiting_items: st.SearchStrategy[Waiting] = st.dictionaries(st.integers(0, SHARES - 1), st.integers(1, 12), min_size=1, max_size=12)


async def fill(engine: AsyncEngine, waiting: Waiting) -> None:
    """The items of earlier shares have all been due for longer than those of later ones: by time alone, the last share would come last."""
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM work"))
        for place, (share, number) in enumerate(waiting.items()):
            for item in range(number):
                due_at = NOW - timedelta(hours=1) + timedelta(minutes=place, seconds=item)
                await repository.add(connection, "letter", uuid.uuid4(), due_at, NOW, share=share)


async def claims(engine: AsyncEngine, most: int) -> list[list[WorkItem]]:
    """All that waits, in claims of so many, as one runner makes them."""
    made, after = [], SHARES - 1
    while True:
        async with engine.begin() as connection:
            items = await repository.claim(connection, [Claimant("letter", MINUTE, after=after)], most=most, now=NOW)
        if not items:
            return made
        after = last_share(items, after)
        made.append(items)


async def test_each_share_is_served_as_if_the_others_had_one_item_each(engine: AsyncEngine) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(waiting_items, st.integers(1, 20))
    def hold(waiting: Waiting, most: int) -> None:
        async def look() -> list[list[WorkItem]]:
            await fill(engine, waiting)
            return await claims(engine, most)

        made = asyncio.run_coroutine_threadsafe(look(), loop).result(60)
        assert Counter(item.share for items in made for item in items) == waiting
        assert all(len(items) <= most for items in made)
        # In so many claims every share that has anything gets a place.
        round_of_claims = math.ceil(len(waiting) / most)
        for share, number in waiting.items():
            last = max(place for place, items in enumerate(made, 1) if share in {item.share for item in items})
            assert last <= number * round_of_claims

    await asyncio.to_thread(hold)


async def test_a_claim_takes_what_it_has_places_for_while_there_is_as_much(engine: AsyncEngine) -> None:
    await fill(engine, {3: 40, 7: 1})
    made = await claims(engine, 8)
    assert Counter(item.share for item in made[0])[7] == 1
    assert sum(map(len, made)) == 41
    # Another share's places that it does not need go to the one that has more.
    assert len(made) <= 8


async def test_within_a_share_what_is_due_longest_goes_first(engine: AsyncEngine) -> None:
    later, earlier = await add(engine, due_at=NOW - MINUTE, share=5), await add(engine, due_at=NOW - 2 * MINUTE, share=5)
    assert [item.id for item in await claim(engine, most=1)] == [earlier]
    assert [item.id for item in await claim(engine, most=1)] == [later]


def test_a_school_has_one_share_for_good() -> None:
    assert [share_of(school) for school in ("0999", "1000", "0189")] == [16, 23, 9]
