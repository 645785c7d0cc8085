"""The number beside Data: nobody waits for it, and one count runs at a time."""

import asyncio

from services.thresholds.data_quality.issue_counts import FRESH, STALE, IssueCounts, Wanted
from shared.identifiers import SchoolNumber

SCHOOL = SchoolNumber("0999")
ASKED = (SCHOOL, "2026-T4", None)


class Counter:
    """Counts when it is let, and says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def __call__(self, wanted: Wanted) -> int:
        self.asked += 1
        await self.let.wait()
        if self.asked == 2:
            raise ConnectionError
        return self.asked


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_number_is_counted_beside_those_who_ask() -> None:
    now, count = [0.0], Counter()
    counts = IssueCounts(clock=lambda: now[0])
    async with counts.counting(count):
        assert [counts.number(*ASKED), counts.number(*ASKED)] == [None, None]
        await settled()
        assert count.asked == 1
        count.let.set()
        await settled()
        assert counts.number(*ASKED) == 1
        now[0] = FRESH - 1
        assert counts.number(*ASKED) == 1
        await settled()
        assert count.asked == 1
        # A count that fails leaves the number of before, and the next look tries again.
        now[0] = FRESH
        assert counts.number(*ASKED) == 1
        await settled()
        assert (count.asked, counts.number(*ASKED)) == (2, 1)
        await settled()
        assert (count.asked, counts.number(*ASKED)) == (3, 3)
        now[0] += STALE
        assert counts.number(*ASKED) is None
        counts.keep(Wanted(*ASKED), 7)
        assert counts.number(*ASKED) == 7


async def test_no_count_runs_on_behind_the_service() -> None:
    count = Counter()
    counts = IssueCounts()
    async with counts.counting(count):
        counts.number(*ASKED)
        await settled()
    assert not counts._running
    assert counts.number(*ASKED) is None
    await settled()
    assert count.asked == 1
