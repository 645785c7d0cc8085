"""Everything at once: crossings, roster and letters being sent side by side, by two workers, over a bad mail server."""

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.notifier.letters.repository import cases
from shared.attendance.tiers import THRESHOLDS, TIERS, level_of
from shared.db.listen import Wakeup
from shared.events.envelope import Event
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import MERE, WIREMU, Desk
from tests.support.crossings import down, up

STUDENTS = [str(number) for number in range(6)]
ROUNDS = 25


def history(dice: random.Random, student: str, desk: Desk) -> Iterator[list[Event]]:
    """The crossings of a student whose total goes up and down: a batch of events for each change of level."""
    level, sequences = 0, dict.fromkeys(THRESHOLDS, 0)
    while True:
        half_days = dice.randint(0, 35)
        new = level_of(half_days)
        passed, say = (THRESHOLDS[level:new], up) if new > level else (THRESHOLDS[new:level][::-1], down)
        for threshold in passed if say is up else ():
            sequences[threshold] += 1
        yield [say(at, half_days, to=TIERS[new], sequence=sequences[at], student=student, said_at=desk.now) for at in passed]
        level = new


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_said_twice_or_stuck(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    await desk.school()
    histories = {student: history(dice, student, desk) for student in STUDENTS}
    second = Runner("notifier", desk.engine, [desk.letter, desk.delivery], Wakeup(), clock=desk.clock)

    for _ in range(ROUNDS):
        # Of one partition, so in order; cut into batches anywhere, and some of it said again.
        events = [event for student in dice.sample(STUDENTS, 4) for event in next(histories[student])]
        cut = dice.randint(0, len(events))
        roster = [desk.joined(MERE, WIREMU, student=student) for student in dice.sample(STUDENTS, 2)]
        if dice.random() < 0.1:
            roster.append(desk.left(dice.choice(STUDENTS)))
        if dice.random() < 0.5:
            desk.catcher.refuse(451, times=dice.randint(1, 3))
        if dice.random() < 0.2:
            # Of the letter, and not of the address, which all students here have.
            desk.catcher.refuse(550, times=1, text="5.7.1 not wanted")
        await asyncio.gather(_crossings(desk, events, cut), desk.roster(roster), desk.runner.run_once(), second.run_once())
        desk.passes(timedelta(minutes=dice.randint(0, 90)))

    desk.catcher.clear_faults()
    await desk.roster([desk.joined(MERE, student=student, updated_at=desk.now + timedelta(days=1)) for student in STUDENTS])
    for _ in range(4):
        desk.passes(timedelta(hours=2))
        await desk.work()

    assert await desk.rows("SELECT * FROM work WHERE state IN ('waiting', 'leased', 'failed') AND kind = 'letter'") == []
    assert await desk.rows("SELECT * FROM work WHERE state IN ('waiting', 'leased') AND kind = 'delivery'") == []
    assert await desk.rows("SELECT * FROM letters WHERE state IN ('held', 'no-contact')") == []
    assert await desk.rows("SELECT * FROM deliveries WHERE status = 'waiting'") == []
    await _every_family_knows(desk)
    sent = [row.message_id for row in await desk.rows("SELECT message_id FROM deliveries WHERE status = 'sent'")]
    assert sorted(mail["message_id"] for mail in desk.mail()) == sorted(sent)


async def _crossings(desk: Desk, events: list[Event], cut: int) -> None:
    await desk.say(*events[:cut])
    await desk.say(*events[max(0, cut - 1) :])


async def _every_family_knows(desk: Desk) -> None:
    """No crossing stands that nobody was told of, unless its letter ended because the student left for a while."""
    ended = {
        (row.student_id, row.term)
        for row in await desk.rows("SELECT student_id, term FROM letters WHERE 'student-left' IN (reason, withdrawn)")
    }
    keys = [(row.student_id, row.term) for row in await desk.rows("SELECT student_id, term FROM cases")]
    async with desk.engine.begin() as connection:
        found = await cases.lock(connection, keys)
    assert {key for key, case in found.items() if case.wanted() is not None} <= ended
