"""Retention: rows are deleted once they have been kept long enough, by one mechanism for all tables of all services.

A service names what it keeps and for how long, and the one statement (in a `repository`) that lets go of it:

    async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
        \"""Drops up to `most` events from before a moment, oldest first; answers how many.\"""

    RULES = (Rule("feed", KEPT_FOR, feed.forget_before), Rule("audit", settings.audit_kept, audit.forget_before))

and its worker gives them to `WorkerParts.retention(RULES)`, which adds the rules for dead letters and finished work. Any number of workers
may do so side by side, so a statement passes over rows that another one holds (`FOR UPDATE SKIP LOCKED`). A statement that erases in place
(words go, the fact stays) answers how many rows it changed, and must not find those again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import Clock, utc_now
from shared.clockwatch.watch import Doubts, never
from shared.db.errors import is_transient
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

EVERY: Final = timedelta(hours=1)
"""The time between two rounds. Retention is counted in days and years."""

TICK: Final = timedelta(seconds=30)
"""How often the loop shows that it lives while it rests."""

Forget = Callable[[AsyncConnection, datetime, int], Awaitable[int]]
"""Lets go of up to so many rows from before a moment, in the caller's transaction; answers how many."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of row (its name in the log and the metrics), how long it is kept, and the statement that deletes it."""

    name: str
    keep_for: timedelta
    forget_before: Forget
    at_once: int = 1_000
    """Rows of one transaction: few enough that nobody who wants one of them waits for long."""
    tables: tuple[str, ...] = ()
    """The tables that it deletes from, for the page on what is kept."""
    setting: str | None = None
    """The setting that says how long, where there is one."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Applies a service's rules every hour, unless the clock is doubted."""

    schema: str
    engine: AsyncEngine
    rules: Sequence[Rule]
    clock: Clock = utc_now
    doubts: Doubts = never

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Goes on until `stop` is set, and then ends after the batch under way.

        A rule that fails is tried again in the next round: marks and letters must not wait until somebody has mended it.
        """
        while not stop.is_set():
            if self.doubts():
                beat()
                await wait_until_set(stop, TICK.total_seconds())
                continue
            for rule in self.rules:
                if self.doubts():
                    break
                try:
                    await self.apply(rule, stop, beat)
                except Exception as error:
                    metrics.RETENTION_FAILURES.labels(self.schema, rule.name).inc()
                    if is_transient(error):
                        log.warning("retention.waits", schema=self.schema, rule=rule.name, error=type(error).__name__)
                    else:
                        log.exception("retention.failed", schema=self.schema, rule=rule.name)
            for _ in range(EVERY // TICK):
                beat()
                if await wait_until_set(stop, TICK.total_seconds()):
                    break

    async def run_once(self) -> int:
        """Applies all rules once; answers how many rows. For tests and operators: an error ends it."""
        return sum([await self.apply(rule, asyncio.Event()) for rule in self.rules])

    async def apply(self, rule: Rule, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> int:
        """Lets go of all that a rule no longer keeps, a transaction a batch; answers how many rows."""
        moment = self.clock() - rule.keep_for
        rows = 0
        while not stop.is_set():
            beat()
            async with self.engine.begin() as connection:
                batch = await rule.forget_before(connection, moment, rule.at_once)
            metrics.RETENTION_ROWS.labels(self.schema, rule.name).inc(batch)
            rows += batch
            if batch < rule.at_once:
                break
        if rows:
            log.info("retention.applied", schema=self.schema, rule=rule.name, rows=rows)
        return rows
