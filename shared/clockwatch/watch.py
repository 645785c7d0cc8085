"""A worker's doubts of its clock: noticed at once, kept until it has stood, and said aloud."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock, utc_now
from shared.clockwatch import repository
from shared.db.errors import is_transient
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

LOOK: Final = timedelta(seconds=30)
"""How often the clock is looked at: as often as others write down the latest time that they have seen."""

EVEN: Final = timedelta(minutes=1)
"""How far a clock that stands may be from where it should have come meanwhile."""

BEHIND: Final = timedelta(minutes=5)
"""How far behind the latest time seen a clock is worth a warning: two hosts that set their clocks by one source are seconds apart."""

Doubts = Callable[[], bool]
"""Whether the clock is doubted now: then nothing may be done that can't be taken back."""


class ClockDoubtedError(Exception):
    """The clock is far ahead of all that was seen: letters, uploads and deletions wait until it has stood, or for `star clock accept`."""


def never() -> bool:
    """The clock is not doubted."""
    return False


@dataclass
class ClockWatch:
    """Watches the clock of one worker of a service. Until the first look has succeeded, the clock is doubted.

    `jump` is how far ahead of the latest time seen is too far; `standing` how long such a clock has to go on evenly, by monotonic time,
    before it is believed. `believed` rings when it is.
    """

    schema: str
    engine: AsyncEngine
    jump: timedelta
    standing: timedelta
    clock: Clock = utc_now
    monotonic: Callable[[], float] = time.monotonic
    believed: Callable[[], None] = lambda: None
    _seen: tuple[datetime, float] | None = field(default=None, init=False)
    _doubted: tuple[datetime, float] | None = field(default=None, init=False)
    _is_behind: bool = field(default=False, init=False)

    def in_doubt(self) -> bool:
        """Whether the clock is further ahead than `jump` of where it should be by now."""
        return self._seen is None or self.clock() - self._expected(self._seen) > self.jump

    def as_believed(self, now: datetime) -> datetime:
        """The clock's time, or, while it is doubted, the time that it should be."""
        return min(now, self._expected(self._seen)) if self._seen is not None and self.in_doubt() else now

    async def check(self) -> None:
        """Raises ClockDoubtedError."""
        if self.in_doubt():
            raise ClockDoubtedError

    async def look(self) -> None:
        """Compares the clock with the latest time seen, and moves that on."""
        was_doubted = self._doubted is not None
        now = self.clock()
        async with self.engine.begin() as connection:
            if self._has_stood(now):
                await repository.accept(connection, now)
            seen = await repository.see(connection, now, self.jump)
        self._seen = (seen, self.monotonic())
        ahead = now - seen
        if ahead <= self.jump:
            self._doubted = None
            if was_doubted:
                log.warning("clock.believed", service=self.schema, last_seen=seen.isoformat())
                self.believed()
        elif self._doubted is None or not self._is_even(self._doubted, now):
            self._doubted = (now, self.monotonic())
            log.error("clock.doubted", service=self.schema, clock=now.isoformat(), last_seen=seen.isoformat(), waits=str(self.standing))
        metrics.CLOCK_DOUBTED.labels(self.schema).set(self._doubted is not None)
        self._warn_of_behind(-ahead)

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Looks again and again until `stop` is set."""
        while not stop.is_set():
            beat()
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("clock.waits", service=self.schema, error=type(error).__name__)
            await wait_until_set(stop, min(LOOK, max(self.standing, timedelta(seconds=1))).total_seconds())

    def _expected(self, seen: tuple[datetime, float]) -> datetime:
        moment, at = seen
        return moment + timedelta(seconds=self.monotonic() - at)

    def _has_stood(self, now: datetime) -> bool:
        if self._doubted is None:
            return False
        return self._is_even(self._doubted, now) and self.monotonic() - self._doubted[1] >= self.standing.total_seconds()

    def _is_even(self, doubted: tuple[datetime, float], now: datetime) -> bool:
        return abs(now - self._expected(doubted)) <= EVEN

    def _warn_of_behind(self, behind: timedelta) -> None:
        metrics.CLOCK_BEHIND.labels(self.schema).set(max(behind.total_seconds(), 0))
        if (behind > BEHIND) != self._is_behind:
            self._is_behind = behind > BEHIND
            if self._is_behind:
                log.warning("clock.behind", service=self.schema, behind=str(behind))
