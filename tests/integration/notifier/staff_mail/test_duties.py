"""Work that has newly come to a member of staff goes to the address that the school's list has for them, once."""

from datetime import date, timedelta

from services.notifier.letters.repository import erasing
from shared.events.catalogue import DUTIES_DUE
from shared.events.data import DutiesDue, Duty, NearStep, Staff, StaffMember
from shared.events.envelope import Event
from shared.identifiers import student_id
from tests.integration.notifier.conftest import Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT

DEAN = StaffMember(account="sub|77", name="Ms Nine", email="nine@otaki.example.nz")
OURS = student_id(SCHOOL, STUDENT)


def due(desk: Desk, *duties: Duty, waiting: int = 3, event_id: str = "morning") -> Event:
    data = DutiesDue(school=SCHOOL, account="sub|77", day=date(2026, 11, 20), duties=list(duties), waiting=waiting, noticed_at=desk.now)
    return Event(DUTIES_DUE, event_id, "/thresholds", desk.now, SCHOOL, data)


RECORD = Duty(kind="overdue", student_id=OURS, due=date(2026, 11, 13), threshold=10)
REVIEW = Duty(kind="support-plan-review", student_id=OURS, due=date(2026, 11, 20), from_others=True)


async def hear(desk: Desk, *events: Event) -> None:
    await desk.plans([desk.message(event.encode()) for event in events])
    await desk.work()


async def listed(desk: Desk, *people: StaffMember, seconds: int = 1) -> None:
    await desk.school(staff=Staff(people=list(people)), updated_at=desk.now + timedelta(seconds=seconds))


async def test_one_e_mail_names_what_has_come(known: Desk, visitor: Visitor) -> None:
    await listed(known, DEAN)
    await hear(known, due(known, RECORD, REVIEW), due(known, RECORD, REVIEW))
    (mail,) = known.mail()
    assert (mail["to"], mail["subject"]) == (["nine@otaki.example.nz"], "2 things for you on 20 November 2026")
    text = " ".join(mail["text"].split())
    assert "Kia ora Ms Nine, 2 things at Ōtaki Example College have come to you since the last reminder, 3 in all." in text
    assert "- Tāne Ngata: a response to the record of 10 days was due on 13 November 2026" in text
    assert "- Tāne Ngata: the review of the support plan is due since 20 November 2026 (passed on to you)" in text
    assert "0123456789" not in mail["text"] + mail["html"]
    assert await visitor.notices() == [("duties", "sent", None)]


async def test_students_near_a_step_are_named_and_the_list_of_work_is_a_click_away(known: Desk) -> None:
    await listed(known, DEAN)
    near = [NearStep(student_id=OURS, threshold=5, absent_half_days=9)]
    data = DutiesDue(school=SCHOOL, account="sub|77", day=date(2026, 11, 20), duties=[], near=near, waiting=0, noticed_at=known.now)
    await hear(known, Event(DUTIES_DUE, "near", "/thresholds", known.now, SCHOOL, data))
    (mail,) = known.mail()
    text = " ".join(mail["text"].split())
    assert mail["subject"] == "1 thing for you on 20 November 2026"
    assert "- Tāne Ngata: away for 4.5 days, and 5 days are near" in text
    assert f"https://star.example.test/console/{SCHOOL}/today?mine=true" in text
    assert f'href="https://star.example.test/console/{SCHOOL}/today?mine=true"' in mail["html"]
    async with known.engine.connect() as connection:
        assert mail["message_id"] in await erasing.message_ids(connection, OURS)


async def test_who_is_not_on_the_list_or_has_no_address_gets_none(known: Desk) -> None:
    await hear(known, due(known, RECORD))
    await listed(known, StaffMember(account="sub|77", name="Ms Nine"))
    await hear(known, due(known, RECORD, event_id="later"))
    assert known.mail() == []
    assert await known.rows("SELECT * FROM notices") == []


async def test_students_who_have_left_are_not_named(known: Desk, visitor: Visitor) -> None:
    await listed(known, DEAN)
    gone = Duty(kind="meeting", student_id=student_id(SCHOOL, "gone"), due=date(2026, 11, 19))
    await hear(known, due(known, gone))
    assert known.mail() == []
    assert await visitor.notices() == [("duties", "cancelled", "the students have left, or the person has")]


async def test_what_is_read_again_long_after_is_history(known: Desk) -> None:
    await listed(known, DEAN)
    old = due(known, RECORD)
    known.passes(timedelta(days=15))
    await hear(known, old)
    assert await known.rows("SELECT * FROM notices") == []
