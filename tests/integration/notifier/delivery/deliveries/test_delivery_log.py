"""The log of deliveries: each with its letter as it was sent, and what a person may do with it."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deploy.sandbox.mail import MailCatcher
from services.notifier.delivery.retention import retention_rules
from shared.auth.principal import Role
from shared.retention import Retention
from shared.worklist import repository as worklist
from shared.worklist.repository import Claimant
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support import dsn
from tests.support.crossings import down, up

A_WHILE = timedelta(hours=2)


async def told(desk: Desk) -> None:
    """A letter was due, and one attempt was made."""
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 11, to="yellow"))
    desk.passes(HOLD)
    await desk.work()


async def the_delivery(visitor: Visitor) -> dict[str, Any]:
    (delivery,) = (await visitor.deliveries())["items"]
    return dict(delivery)


async def whole(visitor: Visitor, id_: str, role: Role | None = None) -> dict[str, Any]:
    answer = await visitor.http.get(f"/v1/deliveries/{id_}", headers=visitor.headers("star:read", role=role))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def ask(visitor: Visitor, id_: str, what: str, answered: int, reason: str | None = "the family asked for it") -> dict[str, Any]:
    body = {"json": {"reason": reason}} if reason is not None else {}
    answer = await visitor.http.post(f"/v1/deliveries/{id_}/{what}", headers=visitor.headers("star:write"), **body)  # type: ignore[arg-type]
    assert answer.status_code == answered, answer.text
    return dict(answer.json())


async def test_the_letter_as_it_was_sent(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(451, times=1, text="4.7.1 greylisted")
    await told(desk)
    desk.passes(A_WHILE)
    await desk.work()
    listed = await the_delivery(visitor)

    found = await whole(visitor, listed["id"])

    (mail,) = desk.mail()
    assert {name: found[name] for name in listed} == listed
    assert found["text"] == mail["text"]
    assert found["html"].strip() == mail["html"].strip()
    assert (found["subject"], found["recipient"], found["erased_at"]) == (mail["subject"], "mere@example.test", None)
    assert [(attempt["attempt"], attempt["outcome"], attempt["code"]) for attempt in found["attempts"]] == [
        (1, "retry", "451 4.7.1"),
        (2, "done", None),
    ]


async def test_who_looked_is_written_down_and_shown_to_admins(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    id_ = (await the_delivery(visitor))["id"]

    assert (await whole(visitor, id_, role="manage"))["reads"] is None
    desk.passes(timedelta(minutes=1))
    assert (await whole(visitor, id_, role="admin"))["reads"] == [
        {"read_by": "test", "role": "manage", "read_at": "2026-11-20T03:00:00Z"},
        {"read_by": "test", "role": "admin", "read_at": "2026-11-20T03:01:00Z"},
    ]
    for statement in ("UPDATE letter_reads SET read_by = 'nobody'", "DELETE FROM letter_reads", "TRUNCATE letter_reads"):
        with pytest.raises(DBAPIError, match="stays"):
            async with desk.engine.begin() as connection:
                # As the owner: the service itself has no right to empty a table.
                await connection.execute(text("SET LOCAL ROLE star_notifier"))
                await connection.execute(text(statement))


async def test_addresses_and_letters_are_for_those_who_manage(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    id_ = (await the_delivery(visitor))["id"]
    http, headers = visitor.http, visitor.headers
    path = "/v1/schools/0999/deliveries"

    roles: tuple[Role, ...] = ("view", "respond", "manage", "admin")
    for role in roles:
        (item,) = (await http.get(path, headers=headers("star:read", role=role))).json()["items"]
        assert item["recipient"] == (None if role in ("view", "respond") else "mere@example.test"), role
    assert (await http.get(f"/v1/deliveries/{id_}", headers=headers("star:read", role="respond"))).status_code == 403
    assert (await http.get(f"/v1/deliveries/{id_}", headers=headers("star:read", schools=("0189",)))).status_code == 404
    assert (await http.get(f"/v1/deliveries/{UUID(int=1)}", headers=headers("star:read"))).status_code == 404
    for what in ("resend", "cancel"):
        post = f"/v1/deliveries/{id_}/{what}"
        assert (await http.post(post, json={"reason": "x"}, headers=headers("star:read"))).status_code == 403
        assert (await http.post(post, json={"reason": "x"}, headers=headers("star:write", role="respond"))).status_code == 403
        assert (await http.post(post, json={"reason": "x"}, headers=headers("star:write", schools=("0189",)))).status_code == 404
    assert await desk.rows("SELECT * FROM letter_reads") == []


async def test_sent_again_it_is_the_same_letter_with_a_message_id_of_its_own(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    first = await the_delivery(visitor)

    asked = await ask(visitor, first["id"], "resend", 201)
    assert asked == {"id": asked["id"], "status": "waiting", "message_id": asked["message_id"], "resend_of": first["id"]}
    assert asked["message_id"] == f"<{first['id']}.1@notifier.star.invalid>"
    # Once: a second click finds it under way.
    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:being-resent"
    await desk.work()

    old, new = desk.mail()
    assert (old["text"], old["subject"], old["to"]) == (new["text"], new["subject"], new["to"])
    assert [old["message_id"], new["message_id"]] == [first["message_id"], asked["message_id"]]
    found = await whole(visitor, asked["id"])
    assert (found["status"], found["resend_of"], found["asked_by"], found["asked_because"]) == (
        "sent",
        first["id"],
        "test",
        "the family asked for it",
    )
    # One that was sent again can be so once more, and counts on.
    assert (await ask(visitor, asked["id"], "resend", 201))["message_id"] == f"<{first['id']}.2@notifier.star.invalid>"


async def test_two_clicks_at_once_make_one_letter(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    id_ = (await the_delivery(visitor))["id"]
    clicks = [
        visitor.http.post(f"/v1/deliveries/{id_}/resend", json={"reason": "x"}, headers=visitor.headers("star:write")) for _ in range(5)
    ]

    assert sorted(answer.status_code for answer in await asyncio.gather(*clicks)) == [201, 409, 409, 409, 409]
    await desk.work()
    assert len(desk.mail()) == 2


async def test_a_request_that_is_sent_again_after_the_letter_went_makes_no_second_one(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    first = await the_delivery(visitor)

    async def press(key: str, reason: str, answered: int) -> dict[str, Any]:
        headers = visitor.headers("star:write") | {"Idempotency-Key": key}
        answer = await visitor.http.post(f"/v1/deliveries/{first['id']}/resend", json={"reason": reason}, headers=headers)
        assert answer.status_code == answered, answer.text
        return dict(answer.json())

    asked = await press("one", "it was lost", 201)
    assert await press("one", "it was lost", 201) == asked
    await desk.work()
    assert await press("one", "it was lost", 201) == asked | {"status": "sent"}
    assert (await press("one", "another thing", 409))["type"] == "urn:nz-star:problem:key-used"
    await desk.work()
    assert len(desk.mail()) == 2
    # Another key is another wish.
    assert (await press("two", "it was lost again", 201))["message_id"] == f"<{first['id']}.2@notifier.star.invalid>"


async def test_a_letter_that_failed_or_came_back_is_sent_again_once_its_address_is_good(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(550, times=1, text="5.1.1 nobody")
    await told(desk)
    first = await the_delivery(visitor)
    assert first["status"] == "failed"
    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:bad-address"
    (address,) = (await visitor.http.get("/v1/schools/0999/bad-addresses", headers=visitor.headers("star:read"))).json()["items"]
    await visitor.http.delete(f"/v1/schools/0999/bad-addresses/{address['id']}", headers=visitor.headers("star:write"))

    again = await ask(visitor, first["id"], "resend", 201)
    await desk.work()

    (mail,) = desk.mail()
    headers = visitor.headers("ops") | {"Content-Type": "message/rfc822"}
    answer = await visitor.http.post("/v1/bounces", content=dsn.about(dsn.GMAIL, mail["message_id"]), headers=headers)
    assert answer.json()["delivery"] == again["id"]
    states = {item["id"]: (item["status"], item["letter_state"]) for item in (await visitor.deliveries())["items"]}
    assert states == {first["id"]: ("failed", "not-reached"), again["id"]: ("bounced", "not-reached")}
    await ask(visitor, again["id"], "resend", 201)
    await desk.work()
    assert {item["letter_state"] for item in (await visitor.deliveries())["items"]} == {"reached"}


async def test_what_was_taken_back_is_not_said_again(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    first = await the_delivery(visitor)
    await desk.say(down(5, 9, to="green"))

    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:withdrawn"


async def test_nor_is_a_letter_about_a_student_who_left(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    first = await the_delivery(visitor)
    await desk.roster([desk.left()])

    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:erased"


async def test_a_reason_is_asked_for(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    id_ = (await the_delivery(visitor))["id"]

    await ask(visitor, id_, "resend", 422, reason=None)
    await ask(visitor, id_, "resend", 422, reason="  ")
    await ask(visitor, id_, "resend", 422, reason="x" * 501)
    assert len(await desk.deliveries()) == 1


async def test_a_letter_that_waits_is_kept_from_going(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(451, times=None)
    await told(desk)
    first = await the_delivery(visitor)
    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:not-resendable"

    assert (await ask(visitor, first["id"], "cancel", 200, reason="spoken to already"))["status"] == "cancelled"

    desk.catcher.clear_faults()
    desk.passes(A_WHILE)
    assert await desk.work() == 0
    assert desk.mail() == []
    found = await whole(visitor, first["id"])
    assert (found["status"], found["letter_state"], found["reason"], found["asked_by"], found["asked_because"]) == (
        "cancelled",
        "cancelled",
        "by-staff",
        "test",
        "spoken to already",
    )
    assert found["asked_at"] is not None
    assert (await ask(visitor, first["id"], "cancel", 409))["type"] == "urn:nz-star:problem:not-waiting"

    # A person may let it go after all: the same words to the same address, once.
    again = await ask(visitor, first["id"], "resend", 201, reason="the family wants it in writing")
    await desk.work()
    assert len(desk.mail()) == 1
    assert (await whole(visitor, again["id"]))["asked_at"] is not None


async def test_no_reason_is_needed_to_cancel(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(451, times=None)
    await told(desk)

    await ask(visitor, (await the_delivery(visitor))["id"], "cancel", 200, reason=None)


async def test_a_letter_that_is_being_sent_is_not_cancelled(desk: Desk, visitor: Visitor) -> None:
    desk.catcher.refuse(451, times=1)
    await told(desk)
    id_ = (await the_delivery(visitor))["id"]
    desk.passes(A_WHILE)
    async with desk.engine.begin() as connection:
        (item,) = await worklist.claim(connection, [Claimant("delivery", timedelta(minutes=5))], most=1, now=desk.now)

    assert (await ask(visitor, id_, "cancel", 409))["type"] == "urn:nz-star:problem:being-sent"

    async with desk.engine.begin() as connection:
        await worklist.settle(connection, item, "retry", now=desk.now, due_at=desk.now)
    await desk.work()
    assert len(desk.mail()) == 1
    assert (await the_delivery(visitor))["status"] == "sent"


async def test_cancelling_and_sending_side_by_side_agree(desk: Desk, visitor: Visitor, catcher: MailCatcher) -> None:
    await desk.school()
    students = [str(number) for number in range(12)]
    await desk.roster([desk.joined(MERE, student=student) for student in students])
    await desk.say(*(up(5, 10, to="yellow", student=student) for student in students))
    desk.passes(HOLD)
    catcher.refuse(451, times=None)
    await desk.work()
    catcher.clear_faults()
    desk.passes(A_WHILE)
    ids = [item["id"] for item in (await visitor.deliveries())["items"]]
    assert len(ids) == 12

    async def cancel(id_: str) -> int:
        return (await visitor.http.post(f"/v1/deliveries/{id_}/cancel", headers=visitor.headers("star:write"))).status_code

    codes, _ = await asyncio.gather(asyncio.gather(*map(cancel, ids)), desk.work())

    items = {item["id"]: item for item in (await visitor.deliveries())["items"]}
    sent = {mail["message_id"] for mail in desk.mail()}
    for id_, code in zip(ids, codes, strict=True):
        item = items[id_]
        assert (item["status"], item["message_id"] in sent) == (("cancelled", False) if code == 200 else ("sent", True))


async def test_letters_are_erased_when_they_were_kept_long_enough(desk: Desk, visitor: Visitor) -> None:
    await told(desk)
    first = await the_delivery(visitor)
    (rule,) = retention_rules(timedelta(days=2557), desk.clock)
    retention = Retention("notifier", desk.engine, [rule], desk.clock)
    assert await retention.apply(rule, asyncio.Event()) == 0
    desk.passes(timedelta(days=2557))
    assert await retention.apply(rule, asyncio.Event()) == 0
    assert (await whole(visitor, first["id"]))["text"] is not None

    desk.passes(timedelta(seconds=1))
    assert await retention.apply(rule, asyncio.Event()) == 1

    found = await whole(visitor, first["id"])
    gone = ("recipient", "subject", "text", "html")
    assert {name: found[name] for name in gone} == dict.fromkeys(gone)
    assert re.match("2033-11-2", found["erased_at"])
    assert (found["status"], found["student"], found["threshold"], found["sent_at"]) == ("sent", "12345", 5, first["sent_at"])
    assert (await ask(visitor, first["id"], "resend", 409))["type"] == "urn:nz-star:problem:erased"
    assert await desk.attempts() == []
    assert await retention.apply(rule, asyncio.Event()) == 0


async def test_a_letter_that_waits_is_never_erased(desk: Desk) -> None:
    desk.catcher.refuse(451, times=None)
    await told(desk)
    (rule,) = retention_rules(timedelta(days=30), desk.clock)
    desk.passes(timedelta(days=31))
    assert await Retention("notifier", desk.engine, [rule], desk.clock).apply(rule, asyncio.Event()) == 0

    assert await desk.deliveries() == [("mere@example.test", "waiting", None)]
