"""The runner: attempts with their outcomes, and none of them made twice where once was enough."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.listen import Wakeup
from shared.worklist import repository
from shared.worklist.repository import WorkItem
from shared.worklist.runner import Runner
from shared.worklist.tasks import Done, Failed, Retry
from tests.integration.shared.worklist.conftest import NOW, SCHEMA, Attempts, WatchedTask, add, claim, row
from tests.support.clock import ManualClock
from tests.support.worklist import leases_run_out

SECOND = timedelta(seconds=1)


@pytest.fixture
def task() -> WatchedTask:
    return WatchedTask()


@pytest.fixture
def work(engine: AsyncEngine, task: WatchedTask, clock: ManualClock) -> Runner:
    return Runner(SCHEMA, engine, [task], Wakeup(), clock=clock)


async def test_an_attempt_is_on_record_before_it_is_made(engine: AsyncEngine, task: WatchedTask, work: Runner, attempts: Attempts) -> None:
    seen: list[object] = []

    async def look(item: WorkItem) -> None:
        seen.append(await attempts(item.id))

    task.before = look
    task.outcomes = [Done("posted")]
    item = await add(engine)

    assert await work.run_once() == 1

    assert seen == [[(1, None, None)]]
    assert await attempts(item) == [(1, "done", "posted")]
    assert (await row(engine, item))["state"] == "done"
    assert await work.run_once() == 0


async def test_it_is_tried_again_with_growing_pauses_until_it_is_given_up(
    engine: AsyncEngine, task: WatchedTask, work: Runner, clock: ManualClock, attempts: Attempts
) -> None:
    task.outcomes = [Retry("busy"), ConnectionRefusedError("Jane Doe"), Retry("busy again")]
    item = await add(engine)

    for nominal in (10, 20):
        assert await work.run_once() == 1
        state = await row(engine, item)
        assert state["state"] == "waiting"
        assert nominal / 2 * SECOND <= state["due_at"] - clock.now <= nominal * SECOND
        assert await work.run_once() == 0
        clock.now = state["due_at"]
    assert await work.run_once() == 1

    given_up = "given up after 3 attempts: busy again"
    assert task.settled == [Retry("busy"), Retry("ConnectionRefusedError"), Failed(given_up)]
    assert await attempts(item) == [(1, "retry", "busy"), (2, "retry", "ConnectionRefusedError"), (3, "failed", given_up)]
    state = await row(engine, item)
    assert (state["state"], state["last_error"], state["settled_at"]) == ("failed", given_up, clock.now)
    clock.now += timedelta(days=1)
    assert await work.run_once() == 0


async def test_a_task_that_is_never_given_up_goes_on(engine: AsyncEngine, task: WatchedTask, work: Runner, clock: ManualClock) -> None:
    task.backoff = runner_backoff = type(task.backoff)(SECOND, SECOND, most_attempts=None)
    task.outcomes = [Retry("busy")] * 20
    item = await add(engine)
    for _ in range(20):
        assert await work.run_once() == 1
        clock.now += runner_backoff.longest
    assert await work.run_once() == 1
    assert (await row(engine, item))["state"] == "done"


async def test_the_other_side_says_when_to_come_back(engine: AsyncEngine, task: WatchedTask, work: Runner) -> None:
    task.outcomes = [Retry("told to wait", after=timedelta(hours=2))]
    item = await add(engine)
    await work.run_once()
    assert (await row(engine, item))["due_at"] == NOW + timedelta(hours=2)


async def test_what_can_never_work_is_not_tried_again(engine: AsyncEngine, task: WatchedTask, work: Runner, clock: ManualClock) -> None:
    task.outcomes = [Failed("no such address")]
    item = await add(engine)
    await work.run_once()
    clock.now += timedelta(days=1)
    assert await work.run_once() == 0
    assert task.settled == [Failed("no such address")]

    # A person looked, and has it tried again.
    async with engine.begin() as connection:
        assert await repository.reschedule(connection, item, clock.now, clock.now)
    assert await work.run_once() == 1
    assert (await row(engine, item))["state"] == "done"


async def test_an_attempt_that_outlasts_its_lease_is_ended(engine: AsyncEngine, task: WatchedTask, work: Runner) -> None:
    task.lease = timedelta(milliseconds=50)
    task.before = lambda _: asyncio.sleep(3_600)
    await add(engine)
    assert await work.run_once() == 1
    assert task.settled == [Retry("TimeoutError")]


async def test_nothing_is_kept_of_an_attempt_whose_lease_was_lost(
    engine: AsyncEngine, task: WatchedTask, work: Runner, attempts: Attempts
) -> None:
    async def another_worker_takes_it(_: WorkItem) -> None:
        await leases_run_out(engine)
        assert len(await claim(engine)) == 1

    task.before = another_worker_takes_it
    item = await add(engine)
    await work.run_once()

    assert task.settled == []
    assert await attempts(item) == [(1, None, None), (2, None, None)]
    assert (await row(engine, item))["state"] == "leased"


async def test_a_runner_does_not_take_from_itself_what_it_is_at(engine: AsyncEngine, task: WatchedTask, work: Runner) -> None:
    """Its host's clock steps forward by more than a lease."""
    at_it = asyncio.Event()
    goes_on = asyncio.Event()

    async def works(_: WorkItem) -> None:
        at_it.set()
        await goes_on.wait()

    task.before = works
    await add(engine)
    running = asyncio.create_task(work.run_once())
    await at_it.wait()
    await leases_run_out(engine)
    other = asyncio.create_task(work.run_once())
    await asyncio.sleep(0.05)
    goes_on.set()
    assert await running == 1
    assert await other == 0
    assert len(task.performed) == 1


async def test_a_result_that_can_not_be_kept_does_not_repeat_the_side_effect_for_ever(
    engine: AsyncEngine, task: WatchedTask, work: Runner, clock: ManualClock
) -> None:
    async def broken(_: AsyncConnection) -> None:
        if len(task.performed) < 4:
            raise ZeroDivisionError

    task.settling = broken
    item = await add(engine)
    for _ in range(3):
        assert await work.run_once() == 1
        assert (await row(engine, item))["state"] == "leased"
        assert await work.run_once() == 0
        await leases_run_out(engine)
    task.settling = None

    assert await work.run_once() == 1
    assert len(task.performed) == 3
    assert task.settled == [Failed("given up after 3 attempts that never came to an end")]
    assert (await row(engine, item))["state"] == "failed"


async def test_a_flood_of_one_kind_leaves_room_for_the_others(engine: AsyncEngine, clock: ManualClock) -> None:
    letters, webhooks = WatchedTask("letter"), WatchedTask("webhook")
    for _ in range(20):
        await add(engine, "letter", due_at=NOW - SECOND)
    await add(engine, "webhook")
    work = Runner(SCHEMA, engine, [letters, webhooks], Wakeup(), concurrency=4, clock=clock)
    await work.run_once()
    await work.run_once()
    assert len(webhooks.performed) == 1
