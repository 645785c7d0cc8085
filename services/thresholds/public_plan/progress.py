"""The progress against the targets of a plan, as everybody may read it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from services.thresholds.plans.plan import Plan
from shared.attendance.calendar import Term

FRESH_FOR: Final = timedelta(minutes=15)
MOST_SCHOOLS: Final = 1_000
"""Schools whose progress is at hand: a page that anybody can ask for must not analyse a term each time."""

Share = tuple[Term, float | None]
"""A term, and the share of its students who attend regularly; None where it is about too few to be shown."""


class ShareCache:
    """The share of each school for a while."""

    def __init__(self) -> None:
        self._shares: OrderedDict[str, tuple[datetime, Share]] = OrderedDict()

    async def get(self, school: str, now: datetime, measure: Callable[[], Awaitable[Share]]) -> Share:
        """The school's share, measured now where the one at hand is not fresh."""
        found = self._shares.get(school)
        if found is None or now - found[0] > FRESH_FOR:
            found = self._shares[school] = (now, await measure())
            self._shares.move_to_end(school)
            while len(self._shares) > MOST_SCHOOLS:
                self._shares.popitem(last=False)
        return found[1]


def progress(plan: Plan, share: Share) -> str | None:
    """`In Term 4 of 2026, 62% of our students attend regularly. The target for 2026 is 70%.` None without a target to come, or a share."""
    term, regular = share
    target = plan.target_of(term.start.year)
    if regular is None or target is None:
        return None
    name = f"Term {term.name.partition('-T')[2]} of {term.start.year}"
    return f"In {name}, {regular:.0%} of our students attend regularly. The target for {target.year} is {target.regular_percent:g}%."
