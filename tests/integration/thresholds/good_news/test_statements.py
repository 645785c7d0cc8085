"""A school's question how its students stand, answered student by student."""

from datetime import date
from typing import Any

from services.thresholds.good_news.handler import StatementsHandler
from shared.attendance.codes import CodeTable
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import STATEMENTS_REQUESTED
from shared.events.data import AbsentDay, LetterOccasion, StatementMade, StatementsRequested
from shared.events.envelope import Event, decode
from tests.integration.thresholds.conftest import NOW, absences
from tests.integration.thresholds.good_news.test_good_news import ENDED, present
from tests.integration.thresholds.records.staffroom import SCHOOL, TERM, Staffroom
from tests.support.applied import Applied


async def answers(staffroom: Staffroom, occasion: LetterOccasion, **more: Any) -> list[StatementMade]:
    heart = staffroom.heart
    data = StatementsRequested(school=SCHOOL, term=TERM, occasion=occasion, on=date(2026, 11, 20), requested_at=NOW, **more)
    handler = Applied(heart.engine, StatementsHandler(DeadLetterBox("thresholds"), lambda: NOW, codes=CodeTable.load()))
    await handler([heart.event(STATEMENTS_REQUESTED, SCHOOL, data)])
    found = []
    for row in await heart.rows("SELECT topic, key, value, headers FROM outbox WHERE topic = 'star.statements.v1' ORDER BY id"):
        event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
        assert isinstance(event, Event)
        assert isinstance(event.data, StatementMade)
        found.append(event.data)
    return found


async def test_every_student_on_the_roll_is_told_of_with_their_days(staffroom: Staffroom) -> None:
    for student in "12":
        await staffroom.student(student)
    await staffroom.heart.post(absences(10, student="1") + absences(3, student="2", code="T") + absences(1, student="3"))
    one, two = await answers(staffroom, "statement")
    assert (one.student, one.tier, one.absent_days, one.illness_half_days, one.standing) == ("1", "yellow", 5.0, 10, 1)
    assert (two.student, two.tier, two.illness_half_days, two.standing) == ("2", "green", 0, 0)
    assert two.absent_on == [AbsentDay(date(2026, 10, 12), 2), AbsentDay(date(2026, 10, 13), 1)]
    assert (two.since, two.school_average_days) == (None, None)


async def test_only_those_with_good_news_are_told_of(staffroom: Staffroom) -> None:
    for student in "1234":
        await staffroom.student(student)
    await staffroom.heart.post(absences(10, student="1"))
    await present(staffroom, "1", 10, ENDED)
    await staffroom.heart.post(absences(10, student="2"))
    await present(staffroom, "3", 0, ENDED)
    await present(staffroom, "4", 0, ENDED - 2)
    (back,) = await answers(staffroom, "back-on-track")
    assert (back.student, back.since, back.on) == ("1", date(2026, 10, 19), date(2026, 11, 20))


async def test_an_average_is_told_of_five_students_at_least(staffroom: Staffroom) -> None:
    for number in range(1, 6):
        await staffroom.student(str(number))
        await staffroom.heart.post(absences(number, student=str(number)))
    assert {statement.school_average_days for statement in await answers(staffroom, "statement", compared=True)} == {1.5}
