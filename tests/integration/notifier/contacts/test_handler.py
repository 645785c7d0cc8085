"""Caregivers come late, change, and leave."""

from dataclasses import replace
from datetime import timedelta

from msgspec.structs import replace as changed

from services.notifier.contacts.repository import contacts
from shared.bus.interface import Message
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk
from tests.support.crossings import STUDENT_ID, down, up


async def test_a_letter_without_a_recipient_goes_when_one_comes(desk: Desk) -> None:
    await desk.school()
    await desk.roster([desk.joined(changed(MERE, email="nobody"))])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    assert await desk.letters() == [(5, "no-contact", None)]

    desk.passes(timedelta(days=3))
    await desk.roster([desk.joined(changed(MERE, notify=False))])
    assert await desk.work() == 0
    desk.passes(timedelta(days=1))
    await desk.roster([desk.joined(MERE)])
    await desk.work()

    assert [message["to"] for message in desk.mail()] == [["mere@example.test"]]
    assert await desk.letters() == [(5, "bound", None)]


async def test_contacts_may_come_after_the_crossing(desk: Desk) -> None:
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.school()
    await desk.work()
    assert await desk.letters() == [(5, "no-contact", None)]

    await desk.roster([desk.joined(MERE)])
    await desk.work()

    assert len(desk.mail()) == 1


async def test_without_a_recipient_a_retraction_still_cancels(desk: Desk) -> None:
    await desk.school()
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    await desk.say(down(5, 9, to="green"))
    await desk.roster([desk.joined(MERE)])
    await desk.work()

    assert await desk.letters() == [(5, "cancelled", "retracted")]
    assert desk.mail() == []


async def test_a_crossing_while_there_is_no_contact_waits_for_its_own_hold(desk: Desk) -> None:
    await desk.school()
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    await desk.say(up(10, 20, to="orange"))
    await desk.roster([desk.joined(MERE)])
    assert await desk.work() == 0
    desk.passes(HOLD)
    await desk.work()

    assert await desk.letters() == [(10, "bound", None)]
    assert len(desk.mail()) == 1


async def test_only_newer_contacts_are_kept(known: Desk) -> None:
    older = known.joined(changed(MERE, email="old@example.test"), updated_at=known.now - timedelta(seconds=1))
    newer = known.joined(changed(MERE, email="new@example.test"), updated_at=known.now + timedelta(seconds=1))
    await known.roster([newer, older])
    await known.roster([older])

    async with known.engine.connect() as connection:
        contact = await contacts.contact(connection, STUDENT_ID)
    assert contact is not None
    assert [caregiver.email for caregiver in contact.caregivers] == ["new@example.test"]


async def test_only_a_newer_school_is_kept(known: Desk) -> None:
    await known.school(name="Yesterday's", updated_at=known.now - timedelta(days=1))
    await known.school(name="Tomorrow's", updated_at=known.now + timedelta(days=1))

    assert [row.name for row in await known.rows("SELECT name FROM schools")] == ["Tomorrow's"]


async def test_a_student_who_left_gets_no_letter_and_is_forgotten(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    await known.roster([known.left()])
    known.passes(HOLD)

    assert await known.work() == 0
    assert await known.letters() == [(5, "cancelled", "student-left")]
    assert await known.rows("SELECT * FROM contacts") == []


async def test_what_was_sent_is_forgotten_with_the_student(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await known.roster([known.left()])

    assert await known.rows("SELECT DISTINCT status, recipient, subject, body_text, body_html FROM deliveries") == [
        ("sent", None, None, None, None)
    ]


async def test_what_waits_to_be_sent_again_is_cancelled_with_the_student(known: Desk) -> None:
    known.catcher.refuse(451, times=None)
    await known.say(up(5, 21, to="orange"), up(10, 21, to="orange"))
    known.passes(HOLD)
    await known.work()
    await known.roster([known.left()])
    known.catcher.clear_faults()
    known.passes(timedelta(hours=2))

    assert await known.work() == 0
    assert await known.letters() == [(10, "cancelled", "student-left")]
    assert known.mail() == []


async def test_leaving_and_coming_back_in_one_batch(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    await known.roster([known.joined(MERE), known.left(), known.joined(WIREMU)])
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(5, "cancelled", "student-left")]
    assert len(await known.rows("SELECT * FROM contacts")) == 1


async def test_nothing_of_the_national_student_number_is_kept(known: Desk) -> None:
    rows = await known.rows("SELECT CAST(to_jsonb(contacts) AS text) FROM contacts")
    assert "0123456789" not in rows[0][0]


async def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on(desk: Desk) -> None:
    good = desk.joined(MERE)
    bad_data = replace(desk.joined(MERE), value=b'{"school": 3}')
    bad_key = Message(good.topic, 0, 90, b"zzz", None)
    await desk.roster([bad_data, good, bad_key])

    assert sorted(row.reason for row in await desk.rows("SELECT reason FROM dead_letters")) == ["bad-data", "bad-key"]
    assert len(await desk.rows("SELECT * FROM contacts")) == 1
    assert len(await desk.rows("SELECT * FROM outbox WHERE topic = 'star.dead-letters.v1'")) == 2
