"""Letters that are due at one moment are written together, and sent while others are still being written."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.notifier.delivery.deliveries.task import FRESH
from shared.db.listen import Wakeup
from shared.events.data import Caregiver
from shared.identifiers import delivery_id
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import Desk
from tests.support.crossings import down, up
from tests.support.polling import eventually

STUDENTS = 12


def address(number: int) -> str:
    return f"family-{number}@example.test"


@pytest.fixture
async def due(desk: Desk) -> Desk:
    """A desk with letters of a dozen students, the last of whom crossed last; all are due."""
    await desk.school()
    for number in range(STUDENTS):
        caregiver = Caregiver(name=f"Family {number}", email=address(number))
        await desk.roster([desk.joined(caregiver, student=str(number))])
        await desk.say(up(5, 10, to="yellow", student=str(number), said_at=desk.now))
        desk.passes(timedelta(seconds=1))
    desk.passes(desk.settings.hold)
    return desk


def arrived(desk: Desk) -> set[str]:
    return {recipient for mail in desk.mail() for recipient in mail["to"]}


async def test_a_letter_that_cannot_be_written_keeps_no_other_back(due: Desk) -> None:
    (first,) = await due.rows("SELECT id FROM letters ORDER BY due_at LIMIT 1")
    # Its delivery is there already, as no rule of ours would have it.
    async with due.engine.begin() as connection:
        await connection.execute(
            text(
                """
                INSERT INTO deliveries (id, letter_id, channel, status, sender_name, message_id, created_at, sent_at)
                VALUES (:id, :letter, 'email', 'sent', 'Somebody', 'x', :now, :now)
                """
            ),
            {"id": delivery_id(first.id, address(0)), "letter": first.id, "now": due.now},
        )
    runner = Runner("notifier", due.engine, [due.letter, due.delivery], Wakeup(), clock=due.clock, concurrency=50)
    while await runner.run_once():
        pass
    assert arrived(due) == {address(number) for number in range(1, STUDENTS)}
    states = await due.rows("SELECT state, count(*) FROM letters GROUP BY state ORDER BY state")
    assert [tuple(row) for row in states] == [("bound", STUDENTS - 1), ("held", 1)]


async def test_a_retraction_stops_a_letter_in_the_middle_of_a_burst(due: Desk) -> None:
    """The letters are written, and go one after the other, when the last student turns out to be under the threshold."""
    assert await Runner("notifier", due.engine, [due.letter], Wakeup(), clock=due.clock, concurrency=50).run_once() == STUDENTS
    due.catcher.latency = 0.02
    delivery = replace(due.delivery, places=asyncio.Semaphore(1))
    bell, stop = Wakeup(), asyncio.Event()
    sending = asyncio.create_task(Runner("notifier", due.engine, [delivery], bell, clock=due.clock, concurrency=2).run(stop))
    try:

        async def some_are_there() -> bool:
            return len(due.mail()) >= 3

        await eventually(some_are_there, True)
        await due.say(down(5, 9, to="green", student=str(STUDENTS - 1), said_at=due.now))

        async def others_are_there() -> set[str]:
            return arrived(due)

        await eventually(others_are_there, {address(number) for number in range(STUDENTS - 1)})
    finally:
        stop.set()
        bell.ring()
        await sending
    assert (address(STUDENTS - 1), "cancelled", "retracted") in await due.deliveries()
    assert address(STUDENTS - 1) not in arrived(due)


async def test_a_letter_that_was_withdrawn_while_it_waited_for_its_turn_does_not_go(due: Desk) -> None:
    """It was claimed with the others, and looked at; the first one takes longer than a look holds."""
    assert await Runner("notifier", due.engine, [due.letter], Wakeup(), clock=due.clock, concurrency=50).run_once() == STUDENTS
    due.catcher.latency = FRESH
    delivery = replace(due.delivery, places=asyncio.Semaphore(1))
    runner = Runner("notifier", due.engine, [delivery], Wakeup(), clock=due.clock, concurrency=2)
    sending = asyncio.create_task(runner.run_once())

    async def connections() -> int:
        return len(due.catcher._connections)

    await eventually(connections, 1)
    await due.say(*(down(5, 9, to="green", student=str(number), said_at=due.now) for number in (0, 1)))
    await sending
    # One had begun; the other was looked at once more.
    assert len(due.mail()) == 1
    assert sorted(status for recipient, status, _ in await due.deliveries() if recipient in {address(0), address(1)}) == [
        "cancelled",
        "sent",
    ]
