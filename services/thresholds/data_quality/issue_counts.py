"""The number of issues that a school's data has, for those who only want the number: it may be a minute old, and nobody waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from shared.auth.principal import Part
from shared.identifiers import SchoolNumber

log = structlog.get_logger()

FRESH: Final = 60.0
"""Seconds for which a number is told without counting anew."""

STALE: Final = 3600.0
"""Seconds after which an old number is not told at all."""

MOST: Final = 10_000
"""Numbers that are kept: of schools, and of parts of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The report that is counted: a school's of a term, or that of a part of its students."""

    school: SchoolNumber
    term: str
    part: Part | None


@dataclass
class IssueCounts:
    """The numbers that this process has counted. A report unpacks the marks of a school, so the number is counted beside the requests."""

    clock: Callable[[], float] = time.monotonic
    _counted: dict[Wanted, tuple[float, int]] = field(default_factory=dict)
    _running: dict[Wanted, asyncio.Task[None]] = field(default_factory=dict)
    _count: Callable[[Wanted], Awaitable[int]] | None = None

    @asynccontextmanager
    async def counting(self, count: Callable[[Wanted], Awaitable[int]]) -> AsyncIterator[None]:
        """Counts with this, as long as the context is open."""
        self._count = count
        try:
            yield
        finally:
            self._count = None
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def number(self, school: SchoolNumber, term: str, part: Part | None) -> int | None:
        """The number as it was counted last, None where nobody has counted within the hour. One that is not fresh is counted anew."""
        wanted = Wanted(school, term, part)
        counted = self._counted.get(wanted)
        age = None if counted is None else self.clock() - counted[0]
        if (age is None or age >= FRESH) and wanted not in self._running and self._count is not None:
            self._running[wanted] = asyncio.create_task(self._recount(wanted, self._count))
        return None if counted is None or age is None or age >= STALE else counted[1]

    def keep(self, wanted: Wanted, number: int) -> None:
        """Notes what a whole report has just counted."""
        self._counted.pop(wanted, None)
        self._counted[wanted] = (self.clock(), number)
        while len(self._counted) > MOST:
            del self._counted[next(iter(self._counted))]

    async def _recount(self, wanted: Wanted, count: Callable[[Wanted], Awaitable[int]]) -> None:
        try:
            self.keep(wanted, await count(wanted))
        except Exception as error:
            # The page still has the number of before, and the next look tries again.
            log.warning("data_quality.not_counted", school=wanted.school, error=type(error).__name__)
        finally:
            self._running.pop(wanted, None)
