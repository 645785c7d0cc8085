"""A letter whose days were corrected after it went is taken back, once."""

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace as changed

from shared.events.data import Caregiver, TermDates
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import days, down, stands, up


async def told(desk: Desk) -> None:
    """Mere has had a letter about eight days."""
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.stands(stands(days(8), 1))
    await desk.say(up(5, 16, to="yellow", standing=1))
    desk.passes(HOLD)
    await desk.work()
    assert len(desk.mail()) == 1


async def one(visitor: Visitor) -> dict[str, Any]:
    item: dict[str, Any] = (await visitor.deliveries(status="sent"))["items"][-1]
    return item


async def correct(visitor: Visitor, delivery: str) -> tuple[int, str]:
    answer = await visitor.http.post(f"/v1/deliveries/{delivery}/correct", headers=visitor.headers("star:write", role="manage"))
    return answer.status_code, answer.json().get("type", "").rpartition("/")[2].rpartition(":")[2]


async def test_it_is_offered_once_the_days_no_longer_count(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    letter = await one(visitor)
    assert letter["can_be_corrected"] is False
    assert (await correct(visitor, letter["id"]))[0] == 409
    await desk.stands(stands(days(4), 2))
    await desk.say(down(5, 8, to="green", standing=2))
    assert (await one(visitor))["can_be_corrected"] is True
    assert (await correct(visitor, letter["id"]))[0] == 201
    assert (await correct(visitor, letter["id"]))[0] == 409
    await desk.work()
    assert (await correct(visitor, letter["id"]))[0] == 409
    first, correction = desk.mail()
    text = " ".join(correction["text"].split())
    assert correction["subject"] == "A correction: attendance in Term 4"
    assert "Fri 6 Nov (1 day) - Mon 9 to Wed 11 Nov (3 days)" in text
    assert "has been away for 4 days in Term 4. You need not do anything about our earlier letter." in text
    assert correction["message_id"] != first["message_id"]
    assert {item["corrects"] for item in (await visitor.deliveries(status="sent"))["items"]} == {None, letter["id"]}


async def test_a_request_that_is_sent_again_answers_the_correction_that_it_made(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    letter = (await one(visitor))["id"]
    await desk.stands(stands(days(4), 2))
    await desk.say(down(5, 8, to="green", standing=2))
    headers = visitor.headers("star:write", role="manage") | {"Idempotency-Key": "one"}

    async def press(reason: str | None = None) -> tuple[int, dict[str, Any]]:
        body = {"reason": reason} if reason else None
        answer = await visitor.http.post(f"/v1/deliveries/{letter}/correct", json=body, headers=headers)
        return answer.status_code, answer.json()

    made = await press()
    assert (made[0], await press()) == (201, made)
    await desk.work()
    assert await press() == (201, made[1] | {"status": "sent"})
    assert len(desk.mail()) == 2
    # With a key of its own it is another wish, and the letter has been taken back.
    assert await correct(visitor, letter) == (409, "corrected-already")


async def test_after_a_correction_the_same_days_are_told_again(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    await desk.stands(stands(days(4), 2))
    await desk.say(down(5, 8, to="green", standing=2))
    await correct(visitor, (await one(visitor))["id"])
    await desk.work()
    await desk.stands(stands(days(8), 3))
    await desk.say(up(5, 16, to="yellow", sequence=2, standing=3))
    desk.passes(HOLD)
    await desk.work()
    assert [mail["subject"] for mail in desk.mail()] == [
        "Attendance in Term 4",
        "A correction: attendance in Term 4",
        "Attendance in Term 4",
    ]


async def test_by_policy_it_goes_after_the_waiting_time(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    await visitor.policy(correct="send")
    await desk.stands(stands(days(7), 2))
    await desk.stands(stands(days(6), 3))
    await desk.work()
    assert len(desk.mail()) == 1
    desk.passes(HOLD)
    await desk.work()
    desk.passes(timedelta(days=1))
    await desk.work()
    assert len(desk.mail()) == 2
    assert "has been away for 6 days in Term 4." in " ".join(desk.mail()[1]["text"].split())


async def test_days_that_count_again_end_it(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    await visitor.policy(correct="send")
    await desk.stands(stands(days(7), 2))
    await desk.stands(stands(days(8), 3))
    desk.passes(HOLD)
    await desk.work()
    assert len(desk.mail()) == 1
    assert ("mere@example.test", "cancelled", "stands-again") in await desk.deliveries()


async def test_it_is_offered_only_where_the_request_would_be_granted(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    await desk.stands(stands(days(4), 2))

    async def offered() -> bool:
        item = await one(visitor)
        alone = (await visitor.http.get(f"/v1/deliveries/{item['id']}", headers=visitor.headers("star:read", role="manage"))).json()
        assert alone["can_be_corrected"] == item["can_be_corrected"]
        return bool(item["can_be_corrected"])

    async def caregivers(*listed: Caregiver) -> None:
        desk.passes(timedelta(seconds=1))
        await desk.roster([desk.joined(*listed)])

    assert await offered()
    await visitor.policy(correct="never")
    assert not await offered()
    await visitor.policy(correct="offer")
    for listed in (WIREMU, changed(MERE, status="No contact"), changed(MERE, notify=False)):
        await caregivers(listed)
        assert not await offered()
        assert (await correct(visitor, (await one(visitor))["id"])) == (409, "recipient-gone")
    await caregivers(MERE)
    assert await offered()
    await desk.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 19))], updated_at=desk.now)
    assert not await offered()
    assert (await correct(visitor, (await one(visitor))["id"])) == (409, "term-over")
    await visitor.policy(after_term="P10D")
    assert await offered()


async def test_never_is_never(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    await visitor.policy(correct="never")
    await desk.stands(stands(days(7), 2))
    assert (await correct(visitor, (await one(visitor))["id"]))[0] == 409
