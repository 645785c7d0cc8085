"""A letter says what is so when it goes."""

from datetime import date, timedelta

import pytest

from shared.events.envelope import Event
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.crossings import days, down, stands, up

EIGHT = [up(5, 16, to="yellow"), stands(days(8), 1)]


async def bound(desk: Desk, *events: Event) -> None:
    """The crossing and its standing, then these standings, then the end of the hold."""
    await desk.say(EIGHT[0])
    await desk.stands(EIGHT[1], *events)
    desk.passes(HOLD)
    await desk.work()


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        pytest.param(stands(days(5, first=date(2026, 11, 5)), 2), "5 days", id="three corrected to present"),
        pytest.param(stands(days(8), 2, illness=16), "most of this was illness", id="all to illness"),
        pytest.param(stands(days(9), 2), "9 days", id="one more day"),
        pytest.param(stands(days(6, first=date(2026, 11, 4)), 2), "6 days", id="other days"),
    ],
)
async def test_a_correction_within_the_hold_is_in_the_letter(known: Desk, standing: Event, words: str) -> None:
    await bound(known, standing)
    assert len(known.mail()) == 2
    for mail in known.mail():
        assert words in mail["text"]
        assert words == "most of this was illness" or "8 days" not in mail["text"] + mail["subject"]


async def test_an_older_standing_and_a_repeat_change_nothing(known: Desk) -> None:
    await bound(known, stands(days(7), 3), stands(days(6), 2), stands(days(7), 3))
    assert all("7 days" in mail["text"] for mail in known.mail())


async def test_a_standing_may_come_before_its_crossing(known: Desk) -> None:
    await known.stands(EIGHT[1])
    await known.say(EIGHT[0])
    known.passes(HOLD)
    await known.work()
    assert len(known.mail()) == 2
    assert all("8 days" in mail["text"] for mail in known.mail())


async def test_below_every_threshold_no_letter_goes_although_the_retraction_has_not_come(known: Desk) -> None:
    await bound(known, stands(days(4), 2))
    assert known.mail() == []
    await known.say(down(5, 8, to="green", standing=2))
    known.passes(HOLD)
    await known.work()
    assert known.mail() == []


async def written_while_the_mail_server_is_away(desk: Desk) -> None:
    await desk.catcher.stop()
    await bound(desk)
    assert desk.mail() == []


async def test_a_written_letter_that_has_not_gone_is_written_anew(known: Desk) -> None:
    await written_while_the_mail_server_is_away(known)
    await known.stands(stands(days(5), 2))
    await known.mail_server_is_back()
    known.passes(timedelta(hours=2))
    await known.work()
    assert len(known.mail()) == 2
    assert all("5 days" in mail["text"] and "8 days" not in mail["text"] for mail in known.mail())
    assert await known.deliveries() == [("mere@example.test", "sent", None), ("wiremu@example.test", "sent", None)]


async def test_a_written_letter_does_not_go_when_the_student_is_under_the_threshold(known: Desk) -> None:
    await written_while_the_mail_server_is_away(known)
    await known.stands(stands(days(4), 2))
    await known.mail_server_is_back()
    known.passes(timedelta(hours=2))
    await known.work()
    await known.say(down(5, 8, to="green", standing=2))
    known.passes(timedelta(hours=2))
    await known.work()
    assert known.mail() == []
    assert {status for _, status, _ in await known.deliveries()} == {"cancelled"}
    assert await known.letters() == [(5, "cancelled", "retracted")]


async def test_a_written_letter_does_not_go_to_an_address_that_is_gone(known: Desk) -> None:
    await written_while_the_mail_server_is_away(known)
    known.passes(timedelta(hours=2))
    await known.roster([known.joined(MERE)])
    await known.stands(stands(days(7), 2))
    await known.mail_server_is_back()
    await known.work()
    assert [mail["to"] for mail in known.mail()] == [["mere@example.test"]]


async def test_the_days_that_a_family_was_told_are_not_told_again(known: Desk) -> None:
    await bound(known)
    # The term's start is moved there, and back.
    await known.say(down(5, 8, to="green", standing=2))
    await known.stands(stands(days(4), 2))
    await known.stands(stands(days(8), 3))
    await known.say(up(5, 16, to="yellow", sequence=2, standing=3))
    known.passes(HOLD)
    await known.work()
    assert len(known.mail()) == 2
    assert await known.letters() == [(5, "bound", None), (5, "past", "told-already")]


async def test_other_days_are_told(known: Desk) -> None:
    await bound(known)
    await known.say(down(5, 8, to="green", standing=2))
    await known.stands(stands(days(4), 2))
    await known.stands(stands(days(5), 3))
    await known.say(up(5, 10, to="yellow", sequence=2, standing=3))
    known.passes(HOLD)
    await known.work()
    assert len(known.mail()) == 4


async def test_a_copy_for_staff_and_a_digest_say_what_the_letter_says(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(staff_copy="dean@otaki.example.nz", digest={"to": "office@otaki.example.nz", "at": "08:00"})
    await bound(known, stands(days(6), 2))
    known.passes(timedelta(days=4))
    await known.work()
    copy = next(mail for mail in known.mail() if mail["to"] == ["dean@otaki.example.nz"])
    assert "6 days" in copy["text"]
    digest = next(mail for mail in known.mail() if mail["to"] == ["office@otaki.example.nz"])
    assert "days absent: 6" in digest["text"]
