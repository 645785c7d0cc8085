"""A school's policy decides about its letters: when they go, about what, and to whom."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from shared.events.data import TermDates
from shared.events.envelope import Event
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import down, up

OFFICE_HOURS = {"days": "school-days", "opens": "08:00", "until": "17:00"}
FRIDAY_EVENING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
MONDAY_AT_EIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def falls_due(known: Desk, *events: Event, at: datetime | None = None) -> None:
    """These events (a crossing of 5 days, unless others are given) came at that time, and the hold of an hour is over."""
    known.now = at or known.now
    await known.say(*(events or [up(5, 10, to="yellow")]))
    known.passes(HOLD)
    await known.work()


@pytest.mark.parametrize(
    ("policy", "at", "goes_at"),
    [
        pytest.param(None, "2026-11-22T10:30", "2026-11-22T11:30", id="without a policy on a Sunday night"),
        pytest.param({"hold": "PT3H"}, "2026-11-20T02:00", "2026-11-20T05:00", id="with a hold of its own"),
        pytest.param({"window": OFFICE_HOURS}, "2026-11-20T01:00", "2026-11-20T02:00", id="inside the window"),
        pytest.param({"window": OFFICE_HOURS}, "2026-11-20T06:00", "2026-11-22T19:00", id="outside, at its next opening"),
        pytest.param({"window": {"days": "school-days"}}, "2026-11-20T10:00", "2026-11-22T11:00", id="on the next school day"),
    ],
)
async def test_when_a_letter_goes(known: Desk, visitor: Visitor, policy: dict[str, Any] | None, at: str, goes_at: str) -> None:
    known.now, moment = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, goes_at))
    if policy is not None:
        await visitor.policy(**policy)
    await known.say(up(5, 10, to="yellow", said_at=known.now))
    known.passes(HOLD)
    if known.now < moment:
        await known.work()
        known.now = moment - SECOND
        assert await known.work() == 0
        assert known.mail() == []
    known.now = moment
    await known.work()

    assert len(known.mail()) == 2


async def test_what_waits_for_the_window_says_when_it_goes(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    await falls_due(known, at=FRIDAY_EVENING)

    (item,) = (await visitor.deliveries())["items"]
    assert (item["status"], item["due_at"]) == ("held", "2026-11-22T19:00:00Z")


@pytest.mark.parametrize(
    ("first", "then", "letters", "mails"),
    [
        pytest.param(
            [up(5, 21, to="orange"), up(10, 21, to="orange")], [down(10, 19, to="yellow")], [(5, "bound", None)], 2, id="the lower one"
        ),
        pytest.param([up(5, 10, to="yellow")], [down(5, 9, to="green")], [(5, "cancelled", "retracted")], 0, id="none"),
        pytest.param(
            [up(5, 10, to="yellow")], [up(10, 31, to="red"), up(15, 31, to="red")], [(15, "bound", None)], 2, id="one for all of a jump"
        ),
    ],
)
async def test_what_waits_for_the_window_is_decided_at_its_opening(
    known: Desk, visitor: Visitor, first: list[Event], then: list[Event], letters: list[Any], mails: int
) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    await falls_due(known, *first, at=FRIDAY_EVENING)
    await known.say(*then)
    known.now = MONDAY_AT_EIGHT
    await known.work()

    assert await known.letters() == letters
    assert len(known.mail()) == mails


async def test_a_window_that_is_given_up_lets_go_what_waits_for_it(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    await falls_due(known, at=FRIDAY_EVENING)
    await visitor.policy()
    await known.work()

    assert len(known.mail()) == 2


async def test_a_new_crossing_keeps_its_own_hold_when_the_window_goes(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    await falls_due(known, at=FRIDAY_EVENING)
    await known.say(up(10, 20, to="orange"))
    await visitor.policy()
    assert await known.work() == 0
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(10, "bound", None)]


async def test_a_day_that_the_school_closes_moves_the_letters_on(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    await falls_due(known, at=FRIDAY_EVENING)
    known.passes(HOLD)
    await known.school(closed_days=[date(2026, 11, 23)])
    await known.work()

    (item,) = (await visitor.deliveries())["items"]
    assert (item["status"], item["due_at"]) == ("held", "2026-11-23T19:00:00Z")


async def test_thresholds_without_a_letter(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(thresholds=[10, 15])
    await falls_due(known)
    assert await known.letters() == [(5, "past", "threshold-off")]
    assert known.mail() == []

    await falls_due(known, up(10, 20, to="orange"))
    assert await known.letters() == [(5, "past", "threshold-off"), (10, "bound", None)]
    assert len(known.mail()) == 2


async def test_the_lower_letter_goes_when_the_one_without_is_taken_back(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(thresholds=[5, 10])
    await falls_due(known, up(5, 31, to="red"), up(10, 31, to="red"), up(15, 31, to="red"))
    assert await known.letters() == [(15, "past", "threshold-off")]

    await falls_due(known, down(15, 29, to="orange"))
    assert (await known.letters())[1:] == [(10, "bound", None)]


async def test_a_term_that_is_over_has_no_letters(known: Desk, visitor: Visitor) -> None:
    await known.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 19))], updated_at=known.now + SECOND)
    await falls_due(known)

    assert known.mail() == []
    assert await known.letters() == [(5, "past", "term-over")]
    (item,) = (await visitor.deliveries(status="past"))["items"]
    assert (item["status"], item["reason"]) == ("past", "term-over")

    # Nor is the family told later of what was past by then.
    await known.school(updated_at=known.now + SECOND)
    await falls_due(known)
    assert known.mail() == []


async def test_a_school_may_tell_for_some_days_after_the_term(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(after_term="P1D")
    await known.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 19))], updated_at=known.now + SECOND)
    await falls_due(known)

    assert len(known.mail()) == 2


async def test_the_first_address_only(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(recipients="first")
    await falls_due(known)

    assert [mail["to"] for mail in known.mail()] == [["mere@example.test"]]


async def test_one_letter_an_address_and_no_household_reads_of_another(desk: Desk) -> None:
    await desk.school()
    hana = changed(MERE, name="Hana Ngata")
    await desk.roster([desk.joined(MERE, WIREMU, hana)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()

    by_address = {mail["to"][0]: mail["text"] + mail["html"] for mail in desk.mail()}
    assert len(desk.mail()) == 2
    assert "Mere Ngata and Hana Ngata" in by_address["mere@example.test"]
    assert "Wiremu" not in by_address["mere@example.test"]
    assert "Ngata," not in by_address["wiremu@example.test"]
    assert "mere@" not in by_address["wiremu@example.test"]


async def test_staff_get_a_copy_of_what_went_out(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(staff_copy="dean@kura.example")
    await falls_due(known)
    known.passes(timedelta(minutes=2))
    await known.work()

    (copy,) = [mail for mail in known.mail() if mail["to"] == ["dean@kura.example"]]
    assert copy["subject"] == "Copy: letter about 5 days, Tāne Ngata"
    assert "to 2 recipients" in " ".join(copy["text"].split())
    assert "Tāne has now been away" in " ".join(copy["text"].split())
    assert "Kia ora Mere Ngata," in copy["html"] or "Kia ora Wiremu Parata," in copy["html"]
    assert "@example.test" not in copy["text"] + copy["html"]
    assert await visitor.notices() == [("staff-copy", "sent", None)]
    assert len(known.mail()) == 3


async def test_no_copy_of_what_did_not_go_out(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(staff_copy="dean@kura.example")
    known.catcher.refuse(451, times=None)
    await falls_due(known)
    await known.say(down(5, 9, to="green"))
    known.catcher.clear_faults()
    known.passes(timedelta(hours=3))
    await known.work()

    assert known.mail() == []
    assert await visitor.notices() == [("staff-copy", "cancelled", "the letter did not go out")]


async def test_a_copy_goes_with_its_student(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(staff_copy="dean@kura.example")
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.runner.run_once()
    await known.roster([known.left()])
    known.passes(timedelta(hours=3))
    await known.work()

    assert [mail["to"] for mail in known.mail() if mail["to"] == ["dean@kura.example"]] == []
    assert await visitor.notices() == [("staff-copy", "cancelled", "the student has left")]
