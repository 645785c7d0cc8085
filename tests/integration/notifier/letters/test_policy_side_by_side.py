"""Crossings, holds, policies and a person's releases at the same time as two workers: nothing is lost, said twice or stuck."""

import asyncio
import random
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.letters.repository import cases
from shared.db.listen import Wakeup
from shared.events.catalogue import LETTERS_HELD, LETTERS_RELEASED
from shared.events.data import LettersHeld, LettersReleased
from shared.events.envelope import Event, new_event_id
from shared.identifiers import student_id
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import MERE, WIREMU, Desk, Visitor
from tests.integration.notifier.delivery.deliveries.test_side_by_side import ROUNDS, STUDENTS, history
from tests.support.crossings import SCHOOL, TERM

POLICIES: list[dict[str, Any]] = [
    {},
    {"daily_cap": 0},
    {"daily_cap": 3},
    {"window": {"opens": "16:00", "until": "16:30"}},
    {"window": {"days": "school-days", "opens": "08:00", "until": "17:00"}, "daily_cap": 4},
]


def hold(desk: Desk, dice: random.Random, student: str) -> Event:
    who = student_id(SCHOOL, student)
    whose: dict[str, Any] = {
        "school": SCHOOL,
        "student": student,
        "student_id": who,
        "term": TERM,
        "threshold": dice.choice([None, 5, 10, 15]),
    }
    if dice.random() < 0.5:
        return Event(LETTERS_HELD, new_event_id(), "/thresholds", desk.now, str(who), LettersHeld(**whose, held_at=desk.now))
    return Event(LETTERS_RELEASED, new_event_id(), "/thresholds", desk.now, str(who), LettersReleased(**whose, released_at=desk.now))


def releases_of_all(desk: Desk) -> list[Event]:
    said = []
    for student in STUDENTS:
        for threshold in (None, 5, 10, 15):
            who = student_id(SCHOOL, student)
            data = LettersReleased(school=SCHOOL, student=student, student_id=who, term=TERM, threshold=threshold, released_at=desk.now)
            said.append(Event(LETTERS_RELEASED, new_event_id(), "/thresholds", desk.now, str(who), data))
    return said


async def release(visitor: Visitor) -> None:
    path = f"/v1/schools/{SCHOOL}/letters/waiting-release/release"
    answer = await visitor.http.post(path, json={"all": True}, headers=visitor.headers("star:write"))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_said_twice_or_stuck(desk: Desk, visitor: Visitor, seed: int) -> None:
    dice = random.Random(seed)
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU, student=student) for student in STUDENTS])
    histories = {student: history(dice, student, desk) for student in STUDENTS}
    second = Runner("notifier", desk.engine, desk.tasks, Wakeup(), clock=desk.clock)

    for _ in range(ROUNDS):
        events = [event for student in dice.sample(STUDENTS, 4) for event in next(histories[student])]
        holds = [desk.message(hold(desk, dice, student).encode()) for student in dice.sample(STUDENTS, 2)]
        at_once: list[Awaitable[object]] = [desk.say(*events), desk.holds(holds), desk.runner.run_once(), second.run_once()]
        if dice.random() < 0.4:
            at_once.append(visitor.policy(**dice.choice(POLICIES)))
        if dice.random() < 0.3:
            at_once.append(release(visitor))
        await asyncio.gather(*at_once)
        desk.passes(timedelta(minutes=dice.randint(0, 90)))

    await visitor.policy(daily_cap=10_000)
    await desk.work()
    await desk.holds([desk.message(event.encode()) for event in releases_of_all(desk)])
    await desk.work()
    await release(visitor)
    for _ in range(4):
        desk.passes(timedelta(hours=2))
        await desk.work()

    # An item that was being put off while its letter got a new one, or was cancelled, stays until its time, and finds then that it is
    # nobody's.
    undone = "SELECT * FROM work w WHERE state IN ('waiting', 'leased', 'failed') AND kind <> 'notice'"
    waited_for = "EXISTS (SELECT FROM letters l WHERE l.work_id = w.id AND l.state NOT IN ('bound', 'cancelled'))"
    assert await desk.rows(f"{undone} AND (kind <> 'letter' OR {waited_for})") == []
    assert await desk.rows("SELECT * FROM letters WHERE state NOT IN ('bound', 'cancelled')") == []
    assert await desk.rows("SELECT * FROM deliveries WHERE status = 'waiting'") == []
    keys = [(row.student_id, row.term) for row in await desk.rows("SELECT student_id, term FROM cases")]
    async with desk.engine.begin() as connection:
        found = await cases.lock(connection, keys)
    assert [case for case in found.values() if case.wanted() is not None] == []
    sent = [row.message_id for row in await desk.rows("SELECT message_id FROM deliveries WHERE status = 'sent'")]
    families = [mail["message_id"] for mail in desk.mail() if mail["to"] != ["office@otaki.example.nz"]]
    assert sorted(families) == sorted(sent)
    counted = await desk.rows("SELECT sum(going) FROM letter_days")
    written = await desk.rows("SELECT count(*) FROM letters WHERE bound_at IS NOT NULL AND release_id IS NULL")
    assert counted[0][0] == written[0][0]
