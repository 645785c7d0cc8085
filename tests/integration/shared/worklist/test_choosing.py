"""Kinds with rules of their own about which items go first."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.listen import Wakeup
from shared.worklist import repository
from shared.worklist.repository import WorkItem
from shared.worklist.runner import Runner
from shared.worklist.tasks import ChoosesItself
from tests.integration.shared.worklist.conftest import NOW, WatchedTask, add, claim, row
from tests.support.clock import ManualClock

MINUTE = timedelta(minutes=1)


@dataclass
class PickyTask(WatchedTask):
    """Takes one item of its own choice at a time."""

    kind: str = "webhook"
    choice: list[uuid.UUID] = field(default_factory=list)

    async def claim(self, connection: AsyncConnection, *, most: int, now: datetime, under_way: Collection[uuid.UUID]) -> Sequence[WorkItem]:
        return await repository.claim_these(connection, self.choice[:1], self.lease, now=now)

    async def next_due(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        return None


async def test_a_task_can_choose_for_itself_beside_others_that_do_not(engine: AsyncEngine, clock: ManualClock) -> None:
    letters = [await add(engine) for _ in range(2)]
    webhooks = [await add(engine, "webhook", due_at=NOW - number * MINUTE) for number in range(3)]
    plain, picky = WatchedTask(), PickyTask(choice=[webhooks[0]])
    assert isinstance(picky, ChoosesItself)
    assert not isinstance(plain, ChoosesItself)
    runner = Runner("notifier", engine, [plain, picky], Wakeup(), clock=clock)

    assert await runner.run_once() == 3
    assert await runner.run_once() == 0
    assert [item.id for item in picky.performed] == [webhooks[0]]
    assert {item.id for item in plain.performed} == set(letters)


async def test_items_added_again_start_anew_and_those_under_way_are_left_alone(engine: AsyncEngine) -> None:
    new, waiting, done, leased = uuid.uuid4(), await add(engine, due_at=NOW + MINUTE), await add(engine), await add(engine)
    items = {item.id: item for item in await claim(engine)}
    async with engine.begin() as connection:
        await repository.settle(connection, items[done], "done", now=NOW)
        await repository.add_all(connection, "letter", [new, waiting, done, leased], NOW, NOW)

    states = {item: (await row(engine, item))["state"] for item in (new, waiting, done, leased)}
    assert states == {new: "waiting", waiting: "waiting", done: "waiting", leased: "leased"}
    assert {item.id for item in await claim(engine)} == {new, waiting, done}


async def test_nothing_to_add_is_nothing_done(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await repository.add_all(connection, "letter", [], NOW, NOW)
    assert await claim(engine) == []


async def test_items_can_be_claimed_before_they_are_due_but_not_once_they_are_off_the_list(engine: AsyncEngine) -> None:
    early, off, leased = [await add(engine, due_at=NOW + MINUTE) for _ in range(3)]
    async with engine.begin() as connection:
        assert await repository.cancel(connection, off, NOW)
        assert [item.id for item in await repository.claim_these(connection, [leased], MINUTE, now=NOW, early=True)] == [leased]
    async with engine.begin() as connection:
        assert await repository.claim_these(connection, [early, off, leased], MINUTE, now=NOW) == []
        assert [item.id for item in await repository.claim_these(connection, [early, off, leased], MINUTE, now=NOW, early=True)] == [early]
    assert (await row(engine, off))["state"] == "cancelled"
