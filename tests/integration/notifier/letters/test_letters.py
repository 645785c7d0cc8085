"""From crossings to letters in the mailbox."""

from dataclasses import replace
from datetime import timedelta

from tests.integration.notifier.conftest import HOLD, MERE, Desk
from tests.support.crossings import SAID_AT, down, up

JUST_UNDER = HOLD - timedelta(seconds=1)


async def test_a_crossing_becomes_a_letter_to_each_caregiver_after_the_hold(known: Desk) -> None:
    await known.say(up(5, 11, to="yellow"))

    known.passes(JUST_UNDER)
    assert await known.work() == 0
    assert known.mail() == []
    known.passes(timedelta(seconds=1))
    await known.work()

    mail = sorted(known.mail(), key=lambda mail: mail["to"])
    assert [message["to"] for message in mail] == [["mere@example.test"], ["wiremu@example.test"]]
    assert {message["subject"] for message in mail} == {"Attendance in Term 4"}
    assert {message["from"] for message in mail} == {"Ōtaki Example College <no-reply@star.invalid>"}
    assert "Kia ora Mere Ngata," in mail[0]["text"]
    assert "Wiremu" not in mail[0]["text"] + mail[0]["html"]
    assert "0123456789" not in mail[0]["text"] + mail[0]["html"]
    assert len({message["message_id"] for message in mail}) == 2
    assert await known.letters() == [(5, "bound", None)]
    assert await known.deliveries() == [("mere@example.test", "sent", None), ("wiremu@example.test", "sent", None)]


async def test_events_that_come_twice_make_one_letter(known: Desk) -> None:
    crossing = up(5, 11, to="yellow")
    await known.say(crossing, crossing)
    await known.say(crossing)
    known.passes(HOLD)
    await known.work()
    await known.say(crossing)
    known.passes(HOLD)
    await known.work()

    assert len(known.mail()) == 2
    assert await known.letters() == [(5, "bound", None)]


async def test_a_retraction_within_the_hold_cancels(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(timedelta(minutes=30))
    await known.say(down(5, 9, to="green"))
    assert await known.letters() == [(5, "cancelled", "retracted")]

    known.passes(HOLD)
    assert await known.work() == 0
    assert known.mail() == []


async def test_a_crossing_and_its_retraction_in_one_batch_are_seen_too(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"), down(5, 9, to="green"))

    assert await known.letters() == [(5, "cancelled", "retracted")]


async def test_a_jump_over_two_thresholds_is_one_letter_for_the_higher(known: Desk) -> None:
    await known.say(up(5, 21, to="orange"))
    assert await known.letters() == []
    await known.say(up(10, 21, to="orange"))
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(10, "bound", None)]
    assert {message["subject"] for message in known.mail()} == {"Attendance in Term 4: how can we help?"}


async def test_the_lower_threshold_gets_its_letter_when_the_higher_is_retracted_during_the_hold(known: Desk) -> None:
    await known.say(up(5, 21, to="orange"), up(10, 21, to="orange"))
    await known.say(down(10, 19, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(5, "bound", None)]
    assert {message["subject"] for message in known.mail()} == {"Attendance in Term 4"}


async def test_a_further_crossing_during_the_hold_makes_the_letter_later(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(timedelta(minutes=40))
    await known.say(up(10, 20, to="orange"))
    known.passes(timedelta(minutes=40))
    assert await known.work() == 0
    known.passes(timedelta(minutes=20))
    await known.work()

    assert await known.letters() == [(10, "bound", None)]
    assert len(known.mail()) == 2


async def test_each_crossing_has_its_letter_when_there_is_time_between(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await known.say(up(10, 20, to="orange"))
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(5, "bound", None), (10, "bound", None)]
    assert len(known.mail()) == 4


async def test_crossing_again_after_a_retraction_is_told_again(known: Desk) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await known.say(down(5, 9, to="green"), up(5, 10, to="yellow", sequence=2))
    known.passes(HOLD)
    await known.work()

    assert len(known.mail()) == 4


async def test_students_do_not_mix(known: Desk) -> None:
    await known.roster([known.joined(MERE, student="222", given_name="Hana")])
    await known.say(up(5, 10, to="yellow"), up(5, 10, to="yellow", student="222"), down(5, 9, to="green"))
    known.passes(HOLD)
    await known.work()

    assert [message["subject"] for message in known.mail()] == ["Attendance in Term 4"]


async def test_a_letter_waits_for_a_school_that_has_not_been_heard_of(desk: Desk) -> None:
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    assert await desk.letters() == [(5, "held", None)]

    await desk.school(contact_email="not an address")
    desk.passes(timedelta(minutes=1))
    await desk.work()
    assert len(desk.mail()) == 1
    assert "Please call in at Ōtaki Example College" in " ".join(desk.mail()[0]["text"].split())


async def test_an_id_that_told_of_something_else_before_is_passed_over(known: Desk) -> None:
    first = up(5, 10, to="yellow")
    reused = replace(up(10, 20, to="orange"), id=first.id)
    await known.say(first, reused)
    await known.say(reused)

    assert await known.letters() == [(5, "held", None)]


async def test_crossings_of_long_ago_are_history_and_new_ones_are_told(known: Desk) -> None:
    await known.say(up(5, 11, to="yellow", said_at=SAID_AT - timedelta(days=15)))
    known.passes(HOLD)
    await known.work()
    assert known.mail() == []
    assert await known.letters() == []

    await known.say(up(10, 20, to="orange"))
    known.passes(HOLD)
    await known.work()
    assert await known.letters() == [(10, "bound", None)]
