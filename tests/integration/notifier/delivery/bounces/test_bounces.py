"""Letters that come back: what becomes of the delivery, of its address, and of the next letter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.sandbox.letters import Message as Mail
from shared.events.data import Caregiver
from shared.identifiers import student_id
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support import dsn
from tests.support.crossings import SCHOOL, up

RFC822 = {"Content-Type": "message/rfc822"}
BAD = f"/v1/schools/{SCHOOL}/bad-addresses"


async def told(desk: Desk, *caregivers: Caregiver, student: str = "12345") -> list[Mail]:
    """A letter about 5 days went out; answers the mail."""
    await desk.school()
    await desk.roster([desk.joined(*caregivers, student=student)])
    return await crossed(desk, student=student)


async def crossed(desk: Desk, student: str = "12345", threshold: Any = 5, to: Any = "yellow") -> list[Mail]:
    before = len(desk.mail())
    await desk.say(up(threshold, threshold * 2, to=to, student=student, said_at=desk.now))
    desk.passes(HOLD)
    await desk.work()
    return desk.mail()[before:]


async def report(visitor: Visitor, content: bytes, **headers: str) -> dict[str, Any]:
    answer = await visitor.http.post("/v1/bounces", content=content, headers=visitor.headers("ops", schools=("*",)) | RFC822 | headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def webhook(visitor: Visitor, answered: int = 200, **body: Any) -> dict[str, Any]:
    answer = await visitor.http.post("/v1/bounces", json=body, headers=visitor.headers("ops"))
    assert answer.status_code == answered, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def bad_addresses(visitor: Visitor) -> list[dict[str, Any]]:
    answer = await visitor.http.get(BAD, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def clear(visitor: Visitor, id_: str) -> int:
    return (await visitor.http.delete(f"{BAD}/{id_}", headers=visitor.headers("star:write"))).status_code


@pytest.mark.parametrize("sample", [dsn.POSTFIX, dsn.EXIM, dsn.EXCHANGE], ids=["postfix", "exim", "exchange"])
async def test_nobody_is_there(desk: Desk, visitor: Visitor, sample: str) -> None:
    (mail,) = await told(desk, MERE)
    taken = await report(visitor, dsn.about(sample, mail["message_id"]))

    assert (taken["kind"], taken["repeated"], taken["address_marked"]) == ("hard", False, True)
    (delivery,) = (await visitor.deliveries())["items"]
    assert delivery["id"] == taken["delivery"]
    assert (delivery["status"], delivery["letter_state"]) == ("bounced", "not-reached")
    assert delivery["sent_at"] == "2026-11-20T03:00:00Z"
    assert delivery["bounced_at"] == "2026-11-20T03:00:00Z"
    (address,) = await bad_addresses(visitor)
    assert address | {"id": "", "status": "", "meaning": ""} == {
        "id": "",
        "address": "mere@example.test",
        "channel": "email",
        "status": "",
        "meaning": "",
        "cause": "bounce",
        "marked_at": "2026-11-20T03:00:00Z",
        "students": [
            {"student": "12345", "student_id": str(student_id(SCHOOL, "12345")), "name": "Tāne Ngata", "caregivers": ["Mere Ngata"]}
        ],
    }


async def test_said_twice_it_changes_nothing(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    content = dsn.about(dsn.POSTFIX, mail["message_id"])
    await report(visitor, content)
    (address,) = await bad_addresses(visitor)
    assert await clear(visitor, address["id"]) == 204

    again = await report(visitor, content)

    assert (again["repeated"], again["address_marked"]) == (True, False)
    assert await bad_addresses(visitor) == []


async def test_the_next_letter_goes_to_the_other_household_only(known: Desk, visitor: Visitor) -> None:
    mails = await crossed(known)
    to_mere = next(mail for mail in mails if mail["to"] == ["mere@example.test"])
    await report(visitor, dsn.about(dsn.POSTFIX, to_mere["message_id"]))
    assert {item["letter_state"] for item in (await visitor.deliveries())["items"]} == {"reached"}

    assert [mail["to"] for mail in await crossed(known, threshold=10, to="orange")] == [["wiremu@example.test"]]


async def test_with_nobody_left_the_letter_waits_until_the_address_is_cleared(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    await report(visitor, dsn.about(dsn.POSTFIX, mail["message_id"]))
    assert await crossed(desk, threshold=10, to="orange") == []
    assert await desk.letters() == [(5, "bound", None), (10, "no-contact", None)]

    (address,) = await bad_addresses(visitor)
    assert await clear(visitor, address["id"]) == 204
    await desk.work()

    assert await desk.letters() == [(5, "bound", None), (10, "bound", None)]
    assert len(desk.mail()) == 2
    assert await clear(visitor, address["id"]) == 404


async def test_a_changed_address_is_written_to_and_the_old_one_forgotten(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    await report(visitor, dsn.about(dsn.POSTFIX, mail["message_id"]))
    await crossed(desk, threshold=10, to="orange")

    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(Caregiver(name="Mere Ngata", email="mere.ngata@example.test"))])
    await desk.work()

    assert desk.mail()[-1]["to"] == ["mere.ngata@example.test"]
    assert await bad_addresses(visitor) == []
    # Given again, it is a new one: the school has looked at it.
    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(MERE)])
    assert [mail["to"] for mail in await crossed(desk, threshold=15, to="red")] == [["mere@example.test"]]


async def test_an_address_stays_bad_while_a_sibling_has_it(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    await desk.roster([desk.joined(Caregiver(name="Mere N", email="MERE@example.test"), student="2", given_name="Hana")])
    await report(visitor, dsn.about(dsn.POSTFIX, mail["message_id"]))

    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(WIREMU)])
    (address,) = await bad_addresses(visitor)
    assert [(owner["student"], owner["name"], owner["caregivers"]) for owner in address["students"]] == [(None, "Hana Ngata", ["Mere N"])]

    await desk.roster([desk.left("2")])
    assert await bad_addresses(visitor) == []


async def test_the_same_roster_again_clears_nothing(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    await report(visitor, dsn.about(dsn.POSTFIX, mail["message_id"]))
    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(Caregiver(name="Mere Ngata", email=" mere@EXAMPLE.test "))])

    assert len(await bad_addresses(visitor)) == 1


async def test_a_refusal_at_the_door_marks_the_address_as_well(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(550, times=1, text="5.1.1 no such user")
    assert await told(desk, MERE) == []

    (delivery,) = (await visitor.deliveries())["items"]
    assert (delivery["status"], delivery["letter_state"], delivery["reason"]) == (
        "failed",
        "not-reached",
        "RCPT 550 5.1.1 (no such mailbox)",
    )
    assert [attempt["code"] for attempt in delivery["attempts"]] == ["550 5.1.1"]
    (address,) = await bad_addresses(visitor)
    assert (address["status"], address["meaning"], address["cause"]) == ("5.1.1", "no such mailbox", "answer")


async def test_a_letter_under_way_to_an_address_that_turned_bad_is_not_sent(known: Desk, visitor: Visitor) -> None:
    await known.roster([known.joined(MERE, student="2")])
    mails = await crossed(known)
    known.catcher.refuse(451, times=None, recipient="mere@example.test")
    await crossed(known, student="2")
    known.catcher.clear_faults()
    to_mere = next(mail for mail in mails if mail["to"] == ["mere@example.test"])
    await report(visitor, dsn.about(dsn.POSTFIX, to_mere["message_id"]))
    known.passes(timedelta(hours=2))
    await known.work()

    assert len(known.mail()) == 2
    (delivery,) = (await visitor.deliveries(student="2"))["items"]
    assert (delivery["status"], delivery["reason"]) == ("failed", "a bad address: letters came back from it, and nothing was sent")


async def test_several_that_did_not_arrive_for_no_clear_reason_make_an_address_bad(desk: Desk, visitor: Visitor) -> None:
    students = ["1", "2", "3", "4"]
    for student in students:
        (mail,) = await told(desk, MERE, student=student)
        taken = await report(visitor, dsn.about(dsn.FULL, mail["message_id"]))
        assert taken["kind"] == "soft"
        if taken["address_marked"]:
            break

    assert student == "3"
    (address,) = await bad_addresses(visitor)
    assert (address["cause"], address["status"], address["meaning"]) == ("repeated", "5.2.2", "mailbox full")
    # Cleared, counting begins anew.
    assert await clear(visitor, address["id"]) == 204
    (mail,) = await told(desk, MERE, student="4")
    assert (await report(visitor, dsn.about(dsn.FULL, mail["message_id"])))["address_marked"] is False


async def test_those_of_long_ago_do_not_count(desk: Desk, visitor: Visitor) -> None:
    desk.now = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    for student in ("1", "2", "3"):
        (mail,) = await told(desk, MERE, student=student)
        assert (await report(visitor, dsn.about(dsn.EXPIRED, mail["message_id"])))["address_marked"] is False
        desk.passes(timedelta(days=16))

    assert await bad_addresses(visitor) == []


async def test_a_policy_says_nothing_of_the_address(desk: Desk, visitor: Visitor) -> None:
    for student in ("1", "2", "3", "4"):
        (mail,) = await told(desk, MERE, student=student)
        taken = await report(visitor, dsn.about(dsn.GMAIL, mail["message_id"]))
        assert (taken["kind"], taken["address_marked"]) == ("policy", False)

    assert {item["status"] for item in (await visitor.deliveries())["items"]} == {"bounced"}
    assert await bad_addresses(visitor) == []


async def test_delays_and_successes_are_kept_and_change_nothing(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    assert (await report(visitor, dsn.about(dsn.POSTFIX_DELAYED, mail["message_id"])))["kind"] == "delayed"
    taken = await report(visitor, dsn.about(dsn.SUCCESS_WITH_ENVELOPE_ID, mail["message_id"]))
    assert taken["kind"] == "delivered"

    (delivery,) = (await visitor.deliveries())["items"]
    assert (delivery["status"], delivery["letter_state"]) == ("sent", "reached")
    whole = (await visitor.http.get(f"/v1/deliveries/{taken['delivery']}", headers=visitor.headers("star:read"))).json()
    assert sorted((entry["kind"], entry["status"], entry["source"]) for entry in whole["reports"]) == [
        ("delayed", "4.4.1", "report"),
        ("delivered", "2.0.0", "report"),
    ]


async def test_a_report_that_overtakes_our_own_note_of_sending(desk: Desk, visitor: Visitor) -> None:
    """The worker was killed between the mail server's yes and its commit: the letter waits, and came back already."""
    desk.catcher.accept_then_drop(1)
    (mail,) = await told(desk, MERE)
    await report(visitor, dsn.about(dsn.FULL, mail["message_id"]))
    (delivery,) = (await visitor.deliveries())["items"]
    assert delivery["status"] == "waiting"
    desk.passes(timedelta(hours=2))
    await desk.work()

    (delivery,) = (await visitor.deliveries())["items"]
    assert (delivery["status"], delivery["letter_state"]) == ("bounced", "not-reached")


async def test_a_providers_webhook(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    id_ = mail["message_id"].strip("<>")

    delayed = await webhook(visitor, message_id=id_, status="4.2.2", action="delayed")
    assert (delayed["kind"], delayed["address_marked"]) == ("delayed", False)
    taken = await webhook(
        visitor, message_id=mail["message_id"], status="5.1.1", reason="no mere@example.test", at="2026-11-20T16:00:00+13:00"
    )
    assert (taken["kind"], taken["address_marked"]) == ("hard", True)
    assert (await webhook(visitor, message_id=id_, status="5.1.1"))["repeated"] is True
    kept = await desk.rows("SELECT * FROM bounces")
    assert "mere" not in str(kept)


async def test_what_is_not_understood(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    id_ = mail["message_id"]
    for body in (
        {"message_id": id_},
        {"message_id": id_, "status": "550"},
        {"message_id": id_, "status": "5.1.1", "action": "exploded"},
        {"message_id": id_, "status": "5.1.1", "bounce": True},
        {"message_id": id_, "status": "5.1.1", "at": "2026-11-20T16:00:00"},
    ):
        problem = await webhook(visitor, 422, **body)
        assert problem["type"] == "urn:nz-star:problem:invalid-request"
    headers = visitor.headers("ops", schools=("*",))
    for raw in dsn.GARBAGE.values():
        answer = await visitor.http.post("/v1/bounces", content=raw, headers=headers | RFC822)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:nz-star:problem:not-a-report"
    answer = await visitor.http.post("/v1/bounces", content=b"{", headers=headers | {"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:nz-star:problem:malformed-json")
    answer = await visitor.http.post("/v1/bounces", content=b"x", headers=headers | {"Content-Type": "text/plain"})
    assert answer.status_code == 415
    answer = await visitor.http.post("/v1/bounces", content=b"x" * 2_100_000, headers=headers | RFC822)
    assert answer.status_code == 413
    assert await desk.rows("SELECT * FROM bounces") == []


async def test_who_may_say_so(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    content = dsn.about(dsn.POSTFIX, mail["message_id"])
    post = visitor.http.post

    assert (await post("/v1/bounces", content=content, headers=RFC822)).status_code == 401
    assert (await post("/v1/bounces", content=content, headers=visitor.headers("star:write") | RFC822)).status_code == 403
    other = await post("/v1/bounces", content=content, headers=visitor.headers("ops", schools=("0189",)) | RFC822)
    assert (other.status_code, other.json()["type"]) == (404, "urn:nz-star:problem:unknown-message")
    unknown = await post("/v1/bounces", content=dsn.POSTFIX.encode(), headers=visitor.headers("ops") | RFC822)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:nz-star:problem:unknown-message")
    assert await desk.rows("SELECT * FROM bounces") == []
    assert (await post("/v1/bounces", content=content, headers=visitor.headers("ops") | RFC822)).status_code == 200


async def test_who_may_see_and_clear_bad_addresses(desk: Desk, visitor: Visitor) -> None:
    (mail,) = await told(desk, MERE)
    await report(visitor, dsn.about(dsn.POSTFIX, mail["message_id"]))
    (address,) = await bad_addresses(visitor)
    path = f"{BAD}/{address['id']}"
    http, headers = visitor.http, visitor.headers

    assert (await http.get(BAD, headers=headers("star:read", role="respond"))).status_code == 403
    assert (await http.get(BAD, headers=headers("star:read", schools=("0189",)))).status_code == 403
    assert (await http.delete(path, headers=headers("star:read"))).status_code == 403
    assert (await http.delete(path, headers=headers("star:write", role="respond"))).status_code == 403
    elsewhere = path.replace(SCHOOL, "0189")
    assert (await http.delete(elsewhere, headers=headers("star:write", schools=("0189",)))).status_code == 404
    assert (await http.delete(path, headers=headers("star:write", role="manage"))).status_code == 204
    assert await desk.rows("SELECT address, cleared_by FROM bad_addresses") == [(None, "test")]


async def test_bad_addresses_page_by_page(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    desk.catcher.refuse(550, times=None, text="5.1.1 nobody")
    for number in range(5):
        await desk.roster([desk.joined(Caregiver(name="Mere", email=f"mere{number}@example.test"), student=str(number))])
        await crossed(desk, student=str(number))

    pages, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await visitor.http.get(BAD, params=query, headers=visitor.headers("star:read"))).json()
        pages.append([item["address"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == [
        ["mere4@example.test", "mere3@example.test"],
        ["mere2@example.test", "mere1@example.test"],
        ["mere0@example.test"],
    ]
