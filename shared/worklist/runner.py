"""Works a worklist off: claims what is due, performs it, settles it.

1. *Claim*, in a transaction: items that are due get a lease, and each attempt is written down before anything is done.
2. *Perform*, in no transaction: the letter, the webhook, the upload. It may take as long as the lease.
3. *Settle*, in a transaction: the attempt's outcome, and what the task has to keep of it.

Killed in step 2, nobody knows whether the other side took it: the lease runs out, and the item is tried again. So a task sends the same
bytes under the same key. Where another worker has claimed the item meanwhile, step 3 finds a lease that is not ours (LeaseLostError), and
nothing of this attempt is kept.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.telemetry import metrics
from shared.waiting import wait_until_set
from shared.worklist import repository
from shared.worklist.repository import LeaseLostError, WorkItem
from shared.worklist.tasks import ChoosesItself, Done, Failed, KeepsResult, Outcome, Retry, Task

log = structlog.get_logger()

POLL: Final = timedelta(seconds=5)
"""The bound on how late an item starts should its NOTIFY be lost, and how often other workers' expired leases are looked for."""

AWAY_PAUSE: Final = 1.0
DRAIN: Final = 20.0
"""Seconds that attempts under way may take to end when the worker stops; afterwards their leases run out."""


class Runner:
    """Runs tasks of several kinds with a bounded number of attempts at once."""

    def __init__(
        self, schema: str, engine: AsyncEngine, tasks: Sequence[Task], wakeup: Wakeup, *, concurrency: int = 8, clock: Clock = utc_now
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._tasks = {task.kind: task for task in tasks}
        self._kinds = deque(self._tasks)
        self._wakeup = wakeup
        self._concurrency = concurrency
        self._clock = clock
        self._running: dict[asyncio.Task[None], uuid.UUID] = {}

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Works until `stop` is set, then lets attempts under way end."""
        while not stop.is_set():
            beat()
            try:
                claimed = await self._claim_and_start()
                if not claimed:
                    await self._wait_for_work()
            except Exception as error:
                if not is_transient(error):
                    log.exception("worklist.failed", schema=self._schema)
                    raise
                log.warning("worklist.waits", schema=self._schema, error=type(error).__name__)
                await wait_until_set(stop, AWAY_PAUSE)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=DRAIN)
            for attempt in late:
                attempt.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def run_once(self) -> int:
        """Works off what is due now, one batch; answers how many items. For tests and operators."""
        claimed = await self._claim_and_start()
        if self._running:
            await asyncio.wait(self._running)
        return claimed

    async def _claim_and_start(self) -> int:
        free = self._concurrency - len(self._running)
        if free <= 0:
            return 0
        started = 0
        # A kind at a time, as each has a lease of its own; by turns, so that a flood of one kind does not keep the others waiting.
        self._kinds.rotate(-1)
        for kind in tuple(self._kinds):
            if started >= free:
                break
            task = self._tasks[kind]
            async with self._engine.begin() as connection:
                items = await self._claim(connection, task, free - started)
            for item in items:
                running = asyncio.create_task(self._attempt(task, item), name=f"{item.kind}-{item.id}")
                self._running[running] = item.id
                running.add_done_callback(self._finished)
            started += len(items)
        return started

    async def _claim(self, connection: AsyncConnection, task: Task, most: int) -> Sequence[WorkItem]:
        under_way = self._running.values()
        if isinstance(task, ChoosesItself):
            return await task.claim(connection, most=most, now=self._clock(), under_way=under_way)
        return await repository.claim(connection, [task.kind], most=most, now=self._clock(), lease_for=task.lease, under_way=under_way)

    def _finished(self, running: asyncio.Task[None]) -> None:
        del self._running[running]
        # There is room for one more: the loop may be waiting for it.
        self._wakeup.ring()

    async def _wait_for_work(self) -> None:
        async with self._engine.begin() as connection:
            due_at = await self._next_due(connection)
            for kind, count in (await repository.overdue(connection, self._kinds, self._clock())).items():
                metrics.WORK_DUE.labels(self._schema, kind).set(count)
        wait = POLL
        if due_at is not None and len(self._running) < self._concurrency:
            wait = min(POLL, max(due_at - self._clock(), timedelta(milliseconds=10)))
        await self._wakeup.wait(wait)

    async def _next_due(self, connection: AsyncConnection) -> datetime | None:
        plain = [kind for kind, task in self._tasks.items() if not isinstance(task, ChoosesItself)]
        due = [await repository.next_due(connection, plain)] if plain else []
        due += [await task.next_due(connection, self._clock()) for task in self._tasks.values() if isinstance(task, ChoosesItself)]
        return min((moment for moment in due if moment is not None), default=None)

    async def _attempt(self, task: Task, item: WorkItem) -> None:
        outcome = await self._perform(task, item)
        # What was done must not be done again because the database was away for a moment: the lease is still ours, so keep trying.
        loop = asyncio.get_running_loop()
        until = loop.time() + task.lease.total_seconds()
        while not await self._settled(task, item, outcome) and loop.time() < until:  # noqa: ASYNC110 - nothing tells that it is back
            await asyncio.sleep(AWAY_PAUSE)

    async def _settled(self, task: Task, item: WorkItem, outcome: Outcome) -> bool:
        """Whether there is nothing more to try; False while the database is away."""
        try:
            await self._settle(task, item, outcome)
        except LeaseLostError:
            # Our lease ran out, and another worker got there first: the item is theirs.
            log.warning("work.lease_lost", kind=item.kind, item=str(item.id), attempt=item.attempt)
        except Exception as error:
            if is_transient(error):
                log.warning("work.not_settled", kind=item.kind, item=str(item.id), error=type(error).__name__)
                return False
            # The lease runs out, and the item is tried again.
            log.exception("work.not_settled", kind=item.kind, item=str(item.id))
        return True

    async def _perform(self, task: Task, item: WorkItem) -> Outcome:
        most = task.backoff.most_attempts
        if most is not None and item.lost >= most:
            # Whatever ends these attempts, a crash or a result that can't be kept: its side effect must not be repeated for ever.
            return Failed(f"given up after {item.lost} attempts that never came to an end")
        try:
            async with asyncio.timeout(task.lease.total_seconds()):
                return await task.perform(item)
        except Exception as error:
            log.warning("work.raised", kind=item.kind, item=str(item.id), attempt=item.attempt, error=type(error).__name__)
            return Retry(type(error).__name__)

    async def _settle(self, task: Task, item: WorkItem, outcome: Outcome) -> None:
        most = task.backoff.most_attempts
        if isinstance(outcome, Retry) and outcome.counts and most is not None and item.attempt >= most:
            outcome = Failed(f"given up after {item.attempt} attempts: {outcome.detail}")
        now = self._clock()
        async with self._engine.begin() as connection:
            match outcome:
                case Done(detail):
                    await repository.settle(connection, item, "done", now=now, detail=detail)
                case Retry(detail, after):
                    due_at = now + (after if after is not None else task.backoff.after(item.attempt))
                    await repository.settle(connection, item, "retry", now=now, due_at=due_at, detail=detail)
                case Failed(detail):
                    await repository.settle(connection, item, "failed", now=now, detail=detail)
            if isinstance(task, KeepsResult):
                await task.settle(connection, item, outcome)
        # Not the outcome's own class: a task may answer one that carries its result to `settle`.
        name = next(kind.__name__.lower() for kind in (Done, Retry, Failed) if isinstance(outcome, kind))
        metrics.WORK_ATTEMPTS.labels(self._schema, item.kind, name).inc()
        log.info("work.attempted", kind=item.kind, item=str(item.id), attempt=item.attempt, outcome=name, detail=outcome.detail)
