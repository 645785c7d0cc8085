"""Ends attempts: those that end at about the same time are kept in one transaction, as a database keeps commits.

While one transaction runs, the attempts that end meanwhile gather for the next: at a trickle each has its own, at once, and in a flood
many share one. A task that keeps results of its own one by one (`KeepsResult`) has a transaction for each.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.db.errors import is_transient
from shared.telemetry import metrics
from shared.telemetry.tracing import span
from shared.worklist import repository
from shared.worklist.repository import Settlement, WorkItem
from shared.worklist.tasks import Done, Failed, KeepsResult, KeepsResults, Outcome, Retry, Task

log = structlog.get_logger()

MOST: Final = 100
"""Attempts that end in one transaction: locks are held for some tens of milliseconds."""

AWAY_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that has ended, and until when (monotonic) its lease holds: so long its result is tried to be kept."""

    task: Task
    item: WorkItem
    outcome: Outcome
    until: float


class Settler:
    """Keeps what became of attempts. `settled` is called with each item that there is nothing more to do for, and
    whether it waits for another attempt."""

    def __init__(self, schema: str, engine: AsyncEngine, clock: Clock, settled: Callable[[WorkItem, bool], None]) -> None:
        self._schema = schema
        self._engine = engine
        self._clock = clock
        self._settled = settled
        self._waiting: list[Ended] = []
        self._gathering: asyncio.Task[None] | None = None
        self._alone: set[asyncio.Task[None]] = set()

    def put(self, task: Task, item: WorkItem, outcome: Outcome) -> None:
        """Takes over an attempt that has ended."""
        most = task.backoff.most_attempts
        if isinstance(outcome, Retry) and outcome.counts and most is not None and item.attempt >= most:
            outcome = Failed(f"given up after {item.attempt} attempts: {outcome.detail}")
        ended = Ended(task, item, outcome, time.monotonic() + task.lease.total_seconds())
        if isinstance(task, KeepsResult) and not isinstance(task, KeepsResults):
            alone = asyncio.create_task(self._end([ended]), name=f"settle-{item.kind}-{item.id}")
            self._alone.add(alone)
            alone.add_done_callback(self._alone.discard)
            return
        self._waiting.append(ended)
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._end_gathered(), name=f"settle-{self._schema}")

    @property
    def busy(self) -> set[asyncio.Task[None]]:
        """The attempts whose results are being kept now."""
        return self._alone | ({self._gathering} if self._gathering is not None and not self._gathering.done() else set())

    async def _end_gathered(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._end(some)

    async def _end(self, ended: Sequence[Ended]) -> None:
        """Keeps the results, and tries again while the database is away: what was done must not be done again for that."""
        left = list(ended)
        while left and not await self._kept(left):
            await asyncio.sleep(AWAY_PAUSE)
            # The lease of the others has run out: they are tried again, by whoever claims them.
            late = [one for one in left if time.monotonic() >= one.until]
            left = [one for one in left if one not in late]
            for one in late:
                self._settled(one.item, True)

    async def _kept(self, ended: Sequence[Ended]) -> bool:
        """Whether there is nothing more to try; False while the database is away."""
        # Items that these put on the list come of them.
        parents = [one.item.traceparent for one in ended]
        try:
            with span(self._schema.replace("_", "-"), "keep outcomes", "internal", parents, star_work_items=len(ended)):
                lost = await self._keep(ended)
        except Exception as error:
            items = [str(one.item.id) for one in ended[:3]]
            if is_transient(error):
                log.warning("work.not_settled", kind=ended[0].item.kind, items=items, error=type(error).__name__)
                return False
            if len(ended) > 1:
                # One of them can't be kept: the others must not suffer for it.
                for one in ended:
                    await self._end([one])
                return True
            # The lease runs out, and the item is tried again.
            log.exception("work.not_settled", kind=ended[0].item.kind, items=items)
            lost = []
        for one in lost:
            # Its lease ran out, and another worker got there first: the item is theirs.
            log.warning("work.lease_lost", kind=one.item.kind, item=str(one.item.id), attempt=one.item.attempt)
        for one in ended:
            self._settled(one.item, isinstance(one.outcome, Retry))
        return True

    async def _keep(self, ended: Sequence[Ended]) -> Sequence[Ended]:
        """Keeps what became of attempts, all or nothing; answers those whose claim was lost, of which nothing is kept."""
        now = self._clock()
        async with self._engine.begin() as connection:
            ours = await repository.settle_all(connection, [self._settlement(one) for one in ended], now)
            kept = [one for one in ended if one.item.id in ours]
            by_task: dict[int, list[Ended]] = {}
            for one in kept:
                by_task.setdefault(id(one.task), []).append(one)
            for some in by_task.values():
                task = some[0].task
                if isinstance(task, KeepsResults):
                    await task.settle_all(connection, [(one.item, one.outcome) for one in some])
                elif isinstance(task, KeepsResult):
                    await task.settle(connection, some[0].item, some[0].outcome)
        for one in kept:
            metrics.WORK_ATTEMPTS.labels(self._schema, one.item.kind, _name(one.outcome)).inc()
            log.info(
                "work.attempted",
                kind=one.item.kind,
                item=str(one.item.id),
                attempt=one.item.attempt,
                outcome=_name(one.outcome),
                detail=one.outcome.detail,
            )
        return [one for one in ended if one.item.id not in ours]

    def _settlement(self, ended: Ended) -> Settlement:
        match ended.outcome:
            case Done(detail):
                return Settlement(ended.item, "done", detail=detail)
            case Retry(detail, after):
                pause = after if after is not None else ended.task.backoff.after(ended.item.attempt)
                return Settlement(ended.item, "retry", self._clock() + pause, detail)
            case Failed(detail):
                return Settlement(ended.item, "failed", detail=detail)


def _name(outcome: Outcome) -> str:
    """Not the outcome's own class: a task may answer one that carries its result to `settle`."""
    return next(kind.__name__.lower() for kind in (Done, Retry, Failed) if isinstance(outcome, kind))
