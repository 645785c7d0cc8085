"""Keys that go to another child, and children with several keys: whose the marks are, and what families hear."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.thresholds.proof.verifying import verify
from services.thresholds.recalculation.identity_changes import RegroupingTask
from services.thresholds.register.folding import Folder
from services.thresholds.roster.calendars import CalendarCache
from shared.attendance.codes import CodeTable
from shared.db.listen import Wakeup
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import tombstone
from shared.events.topics import STUDENTS
from shared.identifiers import student_id
from shared.worklist.runner import Runner
from tests.integration.thresholds.conftest import NOW, Heart, absences

SECOND = "1~2"


async def send(heart: Heart, student: str, **fields: Any) -> None:
    identity = student_id("0999", student)
    data = StudentUpdated(
        school="0999", student=student, student_id=identity, given_name="Aroha", family_name="Example", updated_at=heart.now, **fields
    )
    await heart.roster_handler([heart.event(STUDENT_UPDATED, str(identity), data)])


async def leave(heart: Heart, student: str) -> None:
    await heart.roster_handler([heart.message(tombstone(STUDENTS.name, str(student_id("0999", student))))])


async def regroup(heart: Heart) -> None:
    folder = Folder(CodeTable.load())
    later = lambda: NOW + timedelta(minutes=1)  # noqa: E731
    task = RegroupingTask(heart.engine, folder, CalendarCache(), later)
    runner = Runner("thresholds", heart.engine, [task], Wakeup(), clock=later)
    while await runner.run_once():
        pass


async def totals(heart: Heart) -> dict[str, int]:
    return {
        row.student: row.absent_half_days for row in await heart.rows("SELECT student, absent_half_days FROM register ORDER BY student")
    }


async def records(heart: Heart) -> list[tuple[str, int, str]]:
    return [tuple(row) for row in await heart.rows("SELECT student, threshold, status FROM star_records ORDER BY student, threshold")]


async def post_at(heart: Heart, received_at: datetime, marks: list[Any]) -> None:
    heart.now = received_at
    await heart.post(marks)


async def differences(heart: Heart) -> list[str]:
    return [what.what async for school in verify(heart.engine, CodeTable.load(), NOW) for what in school.differences]


@pytest.mark.parametrize("roster_first", [True, False])
async def test_a_key_that_goes_to_another_child_takes_no_day_along(heart: Heart, roster_first: bool) -> None:
    """Also where the marks come before the roster's word: the moment they were received says whose they are."""
    await heart.school()
    await send(heart, "1")
    await heart.post(absences(12))
    given = NOW + timedelta(minutes=5)
    for now_roster in (roster_first, not roster_first):
        if now_roster:
            heart.now = given
            await leave(heart, "1")
            await send(heart, SECOND, key="1", key_since=given)
        else:
            await post_at(heart, given + timedelta(seconds=1), absences(4, first=20, recorded_at=given))
    assert await totals(heart) == {"1": 12, SECOND: 4}
    # A mark that was received before and arrives late is the earlier child's.
    await post_at(heart, NOW + timedelta(minutes=4), absences(1, first=12, recorded_at=NOW))
    assert await totals(heart) == {"1": 13, SECOND: 4}
    assert await records(heart) == [("1", 5, "open")]
    assert await heart.said() == [("up", 5, 1)]
    assert await differences(heart) == []


async def test_a_third_child_has_days_of_its_own_too(heart: Heart) -> None:
    await heart.school()
    for number, student in enumerate(["1~2", "1~3"], 1):
        await send(heart, student, key="1", key_since=NOW + timedelta(hours=number))
    for number in range(3):
        await post_at(heart, NOW + timedelta(hours=number, minutes=1), absences(number + 1, first=number * 3))
    assert await totals(heart) == {"1": 1, "1~2": 2, "1~3": 3}


async def test_two_keys_of_one_child_have_one_total_and_one_set_of_records(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(8, student="1") + absences(11, student="2", first=20))
    assert await records(heart) == [("2", 5, "open")]
    await send(heart, "1", other_keys=["2"])
    await regroup(heart)
    assert await totals(heart) == {"1": 19}
    assert await records(heart) == [("1", 5, "open"), ("2", 5, "withdrawn")]
    # The family has been told about five days under the other key: no second letter, and staff see why.
    (hold,) = await heart.rows("SELECT student, threshold, held_by, lifted_at FROM holds")
    assert tuple(hold) == ("1", 5, "engine", None)
    order = [
        row.topic
        for row in await heart.rows("SELECT topic FROM outbox WHERE topic IN ('star.letter-holds.v1', 'star.crossings.v1') ORDER BY id")
    ]
    assert order.index("star.letter-holds.v1") < len(order) - 2
    # Marks of either key go on counting for the one child.
    await heart.post(absences(1, student="2", first=31))
    assert await totals(heart) == {"1": 20}
    assert await records(heart) == [("1", 5, "open"), ("1", 10, "open"), ("2", 5, "withdrawn")]
    assert await differences(heart) == []


async def test_the_same_slot_under_both_keys_is_one_mark(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(4, student="1") + absences(4, student="2", code="P", recorded_at=NOW + timedelta(seconds=1)))
    await send(heart, "1", other_keys=["2"])
    await regroup(heart)
    assert await totals(heart) == {"1": 0}


async def test_taken_apart_each_key_has_what_came_under_it(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(8, student="1") + absences(11, student="2", first=20))
    await send(heart, "1", other_keys=["2"])
    await regroup(heart)
    await heart.post(absences(1, student="2", first=31) + absences(1, student="1", first=8))
    assert await totals(heart) == {"1": 21}
    await send(heart, "1")
    await regroup(heart)
    assert await totals(heart) == {"1": 9, "2": 12}
    assert await records(heart) == [("1", 5, "withdrawn"), ("1", 10, "withdrawn"), ("2", 5, "open")]
    held = {tuple(row) for row in await heart.rows("SELECT student, threshold FROM holds")}
    assert held == {("1", 5), ("2", 5), ("2", 10)}
    await heart.post(absences(1, student="2", first=32))
    assert await totals(heart) == {"1": 9, "2": 13}
    assert await heart.rows("SELECT * FROM key_marks") == []
    assert await differences(heart) == []


async def test_a_child_who_is_the_same_after_all_is_counted_together(heart: Heart) -> None:
    """The key was taken for another child's; the school says that it is the same child."""
    await heart.school()
    await heart.post(absences(9))
    await send(heart, SECOND, key="1", key_since=NOW + timedelta(minutes=1))
    await post_at(heart, NOW + timedelta(minutes=2), absences(3, first=20))
    assert await totals(heart) == {"1": 9, SECOND: 3}
    await send(heart, "1", other_keys=[SECOND])
    await regroup(heart)
    assert await totals(heart) == {"1": 12}
    await post_at(heart, NOW + timedelta(minutes=3), absences(1, first=23))
    assert await totals(heart) == {"1": 13}
    assert await records(heart) == [("1", 5, "open")]
    assert await heart.rows("SELECT * FROM holds") == []


async def test_what_was_asked_for_twice_is_made_once(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(3, student="1") + absences(3, student="2", first=10))
    for other_keys in (["2"], [], ["2"]):
        await send(heart, "1", other_keys=other_keys)
    await regroup(heart)
    await send(heart, "1", other_keys=["2"])
    await regroup(heart)
    assert await totals(heart) == {"1": 6}
