"""The runner's loop: woken by commits and by time, through outages, and stopped without cutting attempts short."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.clock import utc_now
from shared.db.listen import Wakeup, listen
from shared.worklist import repository, runner
from shared.worklist.runner import Runner
from tests.integration.shared.worklist.conftest import NOW, SCHEMA, Attempts, WatchedTask, add, row
from tests.support.clock import ManualClock
from tests.support.polling import eventually


async def test_a_database_that_is_away_while_it_is_done_does_not_have_it_done_again(
    engine: AsyncEngine,
    attempts: Attempts,
    cut: Callable[[str], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "AWAY_PAUSE", 0.01)
    task, tries = WatchedTask(), 0

    async def away_at_first(_: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            await cut(f"star-{SCHEMA}")

    task.settling = away_at_first
    item = await add(engine)
    assert await Runner(SCHEMA, engine, [task], Wakeup(), clock=ManualClock(NOW)).run_once() == 1
    assert (tries, len(task.performed)) == (4, 1)
    assert await attempts(item) == [(1, "done", None)]


@pytest.fixture
def only_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the bell, and what is due, can wake a runner."""
    monkeypatch.setattr(runner, "POLL", timedelta(days=1))
    monkeypatch.setattr(runner, "AWAY_PAUSE", 0.01)


@pytest.mark.usefixtures("only_the_bell")
async def test_it_runs_until_stopped_and_lets_attempts_end(
    engine: AsyncEngine, database_url: str, cut: Callable[[str], Awaitable[None]]
) -> None:
    task, bell, stop = WatchedTask(), Wakeup(), asyncio.Event()
    gate = asyncio.Event()
    clock = ManualClock(NOW)

    async def performed() -> int:
        return len(task.performed)

    loops = [
        asyncio.create_task(listen(database_url, {repository.channel(SCHEMA): bell.ring}, stop)),
        asyncio.create_task(Runner(SCHEMA, engine, [task], bell, clock=clock).run(stop)),
    ]
    await add(engine)
    await eventually(performed, 1)
    await cut(f"star-{SCHEMA}")
    await cut("star-listen")
    await add(engine)
    await eventually(performed, 2)
    task.before = lambda _: gate.wait()
    last = await add(engine)
    await eventually(performed, 3)
    stop.set()
    bell.ring()
    await asyncio.sleep(0.05)
    assert not loops[1].done()
    gate.set()
    await asyncio.gather(*loops)
    assert (await row(engine, last))["state"] == "done"


@pytest.mark.usefixtures("only_the_bell")
async def test_what_falls_due_is_started_by_itself(engine: AsyncEngine) -> None:
    task, bell, stop = WatchedTask(), Wakeup(), asyncio.Event()
    await add(engine, due_at=utc_now() + timedelta(milliseconds=300))
    running = asyncio.create_task(Runner(SCHEMA, engine, [task], bell).run(stop))

    async def settled() -> int:
        return len(task.settled)

    await eventually(settled, 1)
    stop.set()
    bell.ring()
    await running


@pytest.mark.usefixtures("only_the_bell")
async def test_an_attempt_that_does_not_end_in_time_is_left_to_its_lease(
    engine: AsyncEngine, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "DRAIN", 0.05)
    task, bell, stop = WatchedTask(), Wakeup(), asyncio.Event()
    task.before = lambda _: asyncio.sleep(3_600)
    item = await add(engine)
    running = asyncio.create_task(Runner(SCHEMA, engine, [task], bell).run(stop))

    async def performed() -> int:
        return len(task.performed)

    await eventually(performed, 1)
    stop.set()
    bell.ring()
    await running

    assert await attempts(item) == [(1, None, None)]
    assert [task for task in asyncio.all_tasks() if str(item) in task.get_name()] == []


@pytest.mark.usefixtures("only_the_bell")
async def test_a_claim_says_when_to_come_again_so_that_nobody_asks_for_it_apart(engine: AsyncEngine) -> None:
    task, bell, stop = WatchedTask(), Wakeup(), asyncio.Event()
    item = await add(engine)
    begun: list[object] = []
    event.listen(engine.sync_engine, "begin", begun.append)

    running = asyncio.create_task(Runner(SCHEMA, engine, [task], bell, clock=ManualClock(NOW)).run(stop))
    await eventually(lambda: _settled(task), 1)
    stop.set()
    bell.ring()
    await running
    # It looks for waits that are too long, counts what is overdue, claims, and keeps the outcome.
    assert len(begun) == 4
    assert (await row(engine, item))["state"] == "done"


async def _settled(task: WatchedTask) -> int:
    return len(task.settled)
