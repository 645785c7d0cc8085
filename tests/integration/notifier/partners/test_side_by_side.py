"""Things that happen at the same time: pausing and resuming while events come in, two workers."""

import asyncio
import random
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.repository import partner_events, webhooks
from services.notifier.partners.repository.partner_events import PartnerEvent
from shared.events.envelope import Event
from shared.worklist import repository as worklist
from tests.integration.notifier.partners.conftest import PLAN, Office, plan
from tests.support.receivers import receiving


async def test_events_that_come_in_while_it_is_paused_and_resumed_all_arrive(office: Office) -> None:
    events = [plan() for _ in range(60)]
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url(), PLAN)

        async def says() -> None:
            for event in events:
                await office.say(event)

        async def toggles() -> None:
            chance = random.Random(7)
            for number in range(40):
                state = "paused" if number % 2 == 0 else "active"
                await office.call("PATCH", f"/{subscription['id']}", json={"state": state})
                await asyncio.sleep(chance.random() / 100)

        async def sends() -> None:
            for _ in range(40):
                await office.work()
                await asyncio.sleep(0.005)

        await asyncio.gather(says(), toggles(), sends())
        # Whatever was left to a later time is due by then.
        office.passes(timedelta(hours=1))
        await office.work()
        assert await office.deliveries() == ["delivered"] * 60
    assert sorted(receiver.ids) == sorted(event.id for event in events)


async def test_two_workers_send_each_delivery_once_and_keep_to_one_share(office: Office) -> None:
    events = [plan() for _ in range(40)]
    async with receiving() as receiver:
        await office.subscribe(receiver.url(), PLAN)
        await office.say(*events)

        async def works() -> None:
            runner = office.runner(office.task(each=3))
            while await runner.run_once():
                pass

        while await office.rows("SELECT 1 FROM work WHERE state <> 'done' LIMIT 1"):
            await asyncio.gather(works(), works())
    assert sorted(receiver.ids) == sorted(event.id for event in events)
    assert receiver.most_at_once <= 3


async def test_a_batch_and_a_resume_wait_for_each_other(office: Office) -> None:
    """The handler's transaction has seen a paused subscription and not yet committed, when its owner resumes it."""
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url(), PLAN)
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "paused"})
        published = plan()
        async with office.engine.begin() as connection:
            positions = await _kept(connection, published)
            await webhooks.fan_out(connection, positions, office.now)
            resuming = asyncio.create_task(office.call("PATCH", f"/{subscription['id']}", json={"state": "active"}))
            await asyncio.sleep(0.2)
            assert not resuming.done()
        await resuming
        await office.work()
    assert receiver.ids == [published.id]


async def _kept(connection: AsyncConnection, event: Event) -> list[int]:
    data: Any = event.data
    body = (event.encode().value or b"").decode()
    return await partner_events.add(connection, [PartnerEvent(event.id, event.type.name, event.source, data.school, event.time, body)])


async def test_what_is_being_held_and_a_resume_wait_for_each_other(office: Office) -> None:
    """An attempt has found its subscription paused and is about to say so, when its owner resumes it."""
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url(), PLAN)
        published = plan()
        await office.say(published)
        task = office.task()
        async with office.engine.begin() as connection:
            (item,) = await task.claim(connection, most=1, now=office.now, under_way=())
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "paused"})
        outcome = await task.perform(item)
        async with office.engine.begin() as connection:
            await worklist.settle(connection, item, "retry", now=office.now, due_at=office.now)
            await task.settle_all(connection, [(item, outcome)])
            resuming = asyncio.create_task(office.call("PATCH", f"/{subscription['id']}", json={"state": "active"}))
            await asyncio.sleep(0.2)
            assert not resuming.done()
        await resuming
        await office.work()
    assert receiver.ids == [published.id]
