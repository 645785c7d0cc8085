"""What a school's policy does to its letters: when they go, about what, and to whom."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace as changed

from shared.events.data import TermDates
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import down, up

OFFICE_HOURS = {"days": "school-days", "opens": "08:00", "until": "17:00"}
FRIDAY_EVENING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
MONDAY_AT_EIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def test_without_a_policy_letters_go_on_a_sunday_night(known: Desk) -> None:
    known.now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert len(known.mail()) == 2


async def test_a_school_has_a_hold_of_its_own(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(hold="PT3H")
    await known.say(up(5, 10, to="yellow"))
    known.passes(timedelta(hours=3) - SECOND)
    assert await known.work() == 0
    known.passes(SECOND)
    await known.work()

    assert len(known.mail()) == 2


async def test_what_falls_due_outside_the_window_goes_at_its_opening(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert known.mail() == []
    (item,) = (await visitor.deliveries())["items"]
    assert (item["status"], item["due_at"]) == ("held", "2026-11-22T19:00:00Z")

    known.now = MONDAY_AT_EIGHT - SECOND
    assert await known.work() == 0
    known.now = MONDAY_AT_EIGHT
    await known.work()
    assert len(known.mail()) == 2


async def test_what_waits_for_the_window_is_decided_at_its_opening(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 21, to="orange"), up(10, 21, to="orange"))
    known.passes(HOLD)
    await known.work()
    await known.say(down(10, 19, to="yellow"))
    known.now = MONDAY_AT_EIGHT
    await known.work()

    assert await known.letters() == [(5, "bound", None)]


async def test_what_is_taken_back_before_the_window_opens_is_not_sent(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await known.say(down(5, 9, to="green"))
    known.now = MONDAY_AT_EIGHT
    await known.work()

    assert known.mail() == []
    assert await known.letters() == [(5, "cancelled", "retracted")]


async def test_a_window_that_is_given_up_lets_go_what_waits_for_it(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await visitor.policy()
    await known.work()

    assert len(known.mail()) == 2


async def test_a_new_crossing_keeps_its_own_hold_when_the_window_goes(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    await known.say(up(10, 20, to="orange"))
    await visitor.policy()
    assert await known.work() == 0
    known.passes(HOLD)
    await known.work()

    assert await known.letters() == [(10, "bound", None)]


async def test_a_day_that_the_school_closes_moves_the_letters_on(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    known.passes(HOLD)
    await known.school(closed_days=[date(2026, 11, 23)])
    await known.work()

    (item,) = (await visitor.deliveries())["items"]
    assert (item["status"], item["due_at"]) == ("held", "2026-11-23T19:00:00Z")


async def test_thresholds_without_a_letter(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(thresholds=[10, 15])
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    assert await known.letters() == [(5, "past", "threshold-off")]
    assert known.mail() == []

    await known.say(up(10, 20, to="orange"))
    known.passes(HOLD)
    await known.work()
    assert await known.letters() == [(5, "past", "threshold-off"), (10, "bound", None)]
    assert len(known.mail()) == 2


async def test_the_lower_letter_goes_when_the_one_without_is_taken_back(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(thresholds=[5, 10])
    await known.say(up(5, 31, to="red"), up(10, 31, to="red"), up(15, 31, to="red"))
    known.passes(HOLD)
    await known.work()
    assert await known.letters() == [(15, "past", "threshold-off")]

    await known.say(down(15, 29, to="orange"))
    known.passes(HOLD)
    await known.work()
    assert (await known.letters())[1:] == [(10, "bound", None)]


async def test_one_letter_for_all_thresholds_of_a_jump(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(window=OFFICE_HOURS)
    known.now = FRIDAY_EVENING
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    known.passes(HOLD)
    await known.say(up(10, 31, to="red"), up(15, 31, to="red"))
    known.now = MONDAY_AT_EIGHT
    await known.work()

    assert await known.letters() == [(15, "bound", None)]
    assert len(known.mail()) == 2


async def test_a_term_that_is_over_has_no_letters(known: Desk, visitor: Visitor) -> None:
    await known.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 19))], updated_at=known.now + SECOND)
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert known.mail() == []
    assert await known.letters() == [(5, "past", "term-over")]
    (item,) = (await visitor.deliveries(status="past"))["items"]
    assert (item["status"], item["reason"]) == ("past", "term-over")

    # Nor is the family told later of what was past by then.
    await known.school(updated_at=known.now + SECOND)
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    assert known.mail() == []


async def test_a_school_may_tell_for_some_days_after_the_term(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(after_term="P1D")
    await known.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 19))], updated_at=known.now + SECOND)
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

    assert len(known.mail()) == 2


async def test_the_first_address_only(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(recipients="first")
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()

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
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
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
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
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
