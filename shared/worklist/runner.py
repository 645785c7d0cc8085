"""Works a worklist off: claims what is due, performs it, settles it.

1. *Claim*, in a transaction: items that are due get a lease, and each attempt is written down before anything is done.
2. *Perform*, in no transaction: the letter, the webhook, the upload. It may take as long as the lease.
3. *Settle*, in a transaction: the attempt's outcome, and what the task has to keep of it (`settling.py`).

Killed in step 2, nobody knows whether the other side took it: the lease runs out, and the item is tried again. So a task sends the same
bytes under the same key. Where another worker has claimed the item meanwhile, step 3 finds a lease that is not ours (LeaseLostError), and
nothing of this attempt is kept.
"""

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Self

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock, utc_now
from shared.clockwatch.watch import Doubts, never
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.telemetry import metrics
from shared.telemetry.tracing import span
from shared.waiting import wait_until_set
from shared.worklist import repository
from shared.worklist.repository import Claimant, WorkItem
from shared.worklist.settling import AWAY_PAUSE, Settler
from shared.worklist.tasks import ChoosesItself, Failed, Outcome, Retry, Task, Together

log = structlog.get_logger()

POLL: Final = timedelta(seconds=5)
"""The bound on how late an item starts should its NOTIFY be lost, and how often other workers' expired leases are looked for."""

COUNT_EVERY: Final = 10.0
"""Seconds between counts of what is overdue: a count reads all of it."""

WAITS_EVERY: Final = 30.0
"""Seconds between looks for waits that a clock ahead has made too long: shorter than any lease, and a look reads all that waits."""

GATHER: Final = 0.005
"""Seconds for which attempts that end at about the same time are waited for, once an end has made room."""

DRAIN: Final = 20.0
"""Seconds that attempts under way may take to end when the worker stops; afterwards their leases run out."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """How many items were claimed and, where there was room for more, when the next one is due."""

    items: int
    next_due: datetime | None = None

    def __add__(self, other: Self) -> Self:
        due = [moment for moment in (self.next_due, other.next_due) if moment is not None]
        return replace(self, items=self.items + other.items, next_due=min(due, default=None))


_NOTHING: Final = _Claimed(0)


class Runner:
    """Runs tasks of several kinds with a bounded number of attempts at once; while the clock is doubted, only kinds `regardless` of it."""

    def __init__(
        self,
        schema: str,
        engine: AsyncEngine,
        tasks: Sequence[Task],
        wakeup: Wakeup,
        *,
        concurrency: int = 8,
        clock: Clock = utc_now,
        doubts: Doubts = never,
        regardless: Collection[str] = (),
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._tasks = {task.kind: task for task in tasks}
        self._choosers: dict[str, ChoosesItself] = {task.kind: task for task in tasks if isinstance(task, ChoosesItself)}
        self._plain = {task.kind: task for task in tasks if not isinstance(task, ChoosesItself)}
        self._choosers_first = False
        self._wakeup = wakeup
        self._concurrency = concurrency
        self._clock = clock
        self._doubts = doubts
        self._regardless = frozenset(regardless)
        # Where items are worked together, a claim waits until it can take some.
        self._least = max(concurrency // 4, 1) if all(isinstance(task, Together) for task in tasks) else 1
        self._under_way: dict[uuid.UUID, WorkItem] = {}
        self._after: dict[str, int] = dict.fromkeys(self._plain, repository.SHARES - 1)
        self._running: set[asyncio.Task[None]] = set()
        self._settler = Settler(schema, engine, clock, self._ended)
        self._count_at = self._waits_at = 0.0

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Works until `stop` is set, then lets attempts under way end."""
        while not stop.is_set():
            beat()
            try:
                await self._look_after()
                free = self._free()
                if free < self._least:
                    await self._wait_for_room()
                elif (claimed := await self._claim_and_start(free)).items < free:
                    await self._wait_until(claimed.next_due)
            except Exception as error:
                if not is_transient(error):
                    log.exception("worklist.failed", schema=self._schema)
                    raise
                log.warning("worklist.waits", schema=self._schema, error=type(error).__name__)
                await wait_until_set(stop, AWAY_PAUSE)
        await self._drain(DRAIN)

    async def run_once(self) -> int:
        """Works off what is due now, one batch; answers how many items. For tests and operators."""
        claimed = (await self._claim_and_start(self._free())).items
        while busy := self._running | self._settler.busy:
            await asyncio.wait(busy)
        return claimed

    async def _drain(self, patience: float) -> None:
        """Lets attempts end and be kept; those that take too long are cut off, and their leases run out."""
        until = time.monotonic() + patience
        while (busy := self._running | self._settler.busy) and time.monotonic() < until:
            await asyncio.wait(busy, timeout=until - time.monotonic(), return_when=asyncio.FIRST_COMPLETED)
        for late in busy:
            late.cancel()
        await asyncio.gather(*busy, return_exceptions=True)

    async def _claim_and_start(self, free: int) -> _Claimed:
        """Claims what there are places for; kinds that choose for themselves and all others take turns in being first."""
        self._choosers_first = not self._choosers_first
        chosen = [partial(self._claim_chosen, task) for kind, task in self._choosers.items() if self._may_start(kind)]
        turns: list[Callable[[int], Awaitable[_Claimed]]] = (
            [*chosen, self._claim_plain] if self._choosers_first else [self._claim_plain, *chosen]
        )
        claimed = _NOTHING
        for turn in turns:
            if free > claimed.items:
                claimed += await turn(free - claimed.items)
        return claimed

    async def _claim_plain(self, most: int) -> _Claimed:
        busy = Counter(item.kind for item in self._under_way.values())
        kinds = [Claimant(kind, task.lease, busy[kind], self._after[kind]) for kind, task in self._plain.items() if self._may_start(kind)]
        if not kinds:
            return _NOTHING
        next_due = None
        async with self._engine.begin() as connection:
            items = await repository.claim(connection, kinds, most=most, now=self._clock(), under_way=self._under_way.keys())
            if len(items) < most:
                next_due = await repository.next_due(connection, [claimant.kind for claimant in kinds])
        for kind in {item.kind for item in items}:
            self._after[kind] = repository.last_share((item for item in items if item.kind == kind), self._after[kind])
        return self._start(items, next_due)

    async def _claim_chosen(self, task: ChoosesItself, most: int) -> _Claimed:
        next_due = None
        async with self._engine.begin() as connection:
            items = await task.claim(connection, most=most, now=self._clock(), under_way=self._under_way.keys())
            if len(items) < most:
                next_due = await task.next_due(connection, self._clock())
        return self._start(items, next_due)

    def _free(self) -> int:
        return self._concurrency - len(self._under_way)

    def _may_start(self, kind: str) -> bool:
        return kind in self._regardless or not self._doubts()

    def _start(self, items: Sequence[WorkItem], next_due: datetime | None) -> _Claimed:
        together: dict[str, list[WorkItem]] = defaultdict(list)
        for item in items:
            self._under_way[item.id] = item
            task = self._tasks[item.kind]
            if isinstance(task, Together):
                together[item.kind].append(item)
            else:
                self._run(self._attempt(task, item), f"{item.kind}-{item.id}")
        for kind, some in together.items():
            self._run(self._attempt_all(self._tasks[kind], some), f"{kind}-{some[0].id}")
        return _Claimed(len(items), next_due)

    def _run(self, attempt: Coroutine[None, None, None], name: str) -> None:
        running = asyncio.create_task(attempt, name=name)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    def _ended(self, item: WorkItem, waits: bool) -> None:
        was_full = self._free() < self._least
        self._under_way.pop(item.id, None)
        # There is room for more, perhaps of the item's own sort, or the item is due sooner than whatever is waited for.
        if (was_full and self._free() >= self._least) or waits or self._choosers:
            self._wakeup.ring()

    async def _look_after(self) -> None:
        await self._keep_waits()
        await self._count_overdue()

    async def _wait_for_room(self) -> None:
        # Nothing can be begun before an attempt ends, and that rings. Those that end together are followed by one claim.
        await self._wakeup.wait(POLL)
        await asyncio.sleep(GATHER)

    async def _wait_until(self, due_at: datetime | None) -> None:
        wait = POLL if due_at is None else min(POLL, max(due_at - self._clock(), timedelta(milliseconds=10)))
        await self._wakeup.wait(wait)

    async def _keep_waits(self) -> None:
        now = time.monotonic()
        if now < self._waits_at:
            return
        self._waits_at = now + WAITS_EVERY
        async with self._engine.begin() as connection:
            kept = await repository.keep_waits(connection, list(self._tasks), self._clock())
        if kept:
            log.warning("work.waits_kept", schema=self._schema, items=kept)

    async def _count_overdue(self) -> None:
        now = time.monotonic()
        if now < self._count_at:
            return
        self._count_at = now + COUNT_EVERY
        async with self._engine.begin() as connection:
            counts = await repository.overdue(connection, list(self._tasks), self._clock())
        for kind, count in counts.items():
            metrics.WORK_DUE.labels(self._schema, kind).set(count)

    async def _attempt(self, task: Task, item: WorkItem) -> None:
        with self._traced([item]):
            outcome = await self._perform(task, item)
        self._settler.put(task, item, outcome)

    async def _perform(self, task: Task, item: WorkItem) -> Outcome:
        if (given_up := _given_up(task, item)) is not None:
            return given_up
        try:
            async with asyncio.timeout(task.lease.total_seconds()):
                return await task.perform(item)
        except Exception as error:
            return _raised(item, error)

    def _traced(self, items: Sequence[WorkItem]) -> AbstractContextManager[object]:
        kind, service = items[0].kind, self._schema.replace("_", "-")
        return span(service, f"work {kind}", "consumer", [item.traceparent for item in items], star_work_items=len(items))

    async def _attempt_all(self, task: Task, items: Sequence[WorkItem]) -> None:
        left = {item.id: item for item in items}
        for item in items:
            if (given_up := _given_up(task, item)) is not None:
                self._settler.put(task, left.pop(item.id), given_up)
        assert isinstance(task, Together)
        failure: Exception = RuntimeError()
        try:
            with self._traced(items):
                async with asyncio.timeout(task.lease.total_seconds()):
                    async for item, outcome in task.perform_all(list(left.values())):
                        self._settler.put(task, left.pop(item.id), outcome)
        except Exception as error:
            failure = error
        for item in left.values():
            self._settler.put(task, item, _raised(item, failure))


def _given_up(task: Task, item: WorkItem) -> Failed | None:
    """Whatever ended these attempts, a crash or a result that can't be kept: their side effect must not be repeated for ever."""
    most = task.backoff.most_attempts
    if most is None or item.lost < most:
        return None
    return Failed(f"given up after {item.lost} attempts that never came to an end")


def _raised(item: WorkItem, error: Exception) -> Retry:
    log.warning("work.raised", kind=item.kind, item=str(item.id), attempt=item.attempt, error=type(error).__name__)
    return Retry(type(error).__name__)
