"""Events arrive at subscribers, signed, one delivery for each, whatever comes in between."""

import asyncio
import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook

from services.notifier.partners.vault import Vault
from shared.identifiers import student_id
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Holder
from tests.integration.notifier.partners.conftest import CROSSED, NOW, PLAN, RETRACTED, Office, plan
from tests.support.crossings import SAID_AT, SCHOOL, STUDENT, STUDENT_ID, down, up
from tests.support.receivers import Receiver, Request, receiving, saying
from tests.support.worklist import leases_run_out


def verified(secret: str, request: Request, now: datetime) -> Any:
    """A request as the specification's own library reads it; that looks at the machine's clock, so the timestamp is checked here."""
    headers = request.headers
    assert headers["webhook-timestamp"] == str(int(now.timestamp()))
    expected = Webhook(secret).sign(headers["webhook-id"], now, request.body.decode())
    assert expected in headers["webhook-signature"].split(" ")
    return json.loads(request.body)


async def test_a_crossing_arrives_signed_as_the_cloudevent_that_the_feed_shows(office: Office) -> None:
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url("/star?tenant=7"))
        event = up(5, 11, to="yellow")
        await office.say(event)
        assert await office.work() == 1

    (request,) = receiver.requests
    assert request.line == "POST /star?tenant=7 HTTP/1.1"
    assert request.headers["webhook-id"] == event.id
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert verified(subscription["secret"], request, NOW) == {
        "specversion": "1.0",
        "id": event.id,
        "source": "/thresholds",
        "type": CROSSED,
        "time": "2026-11-20T02:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {
            "school": SCHOOL,
            "student": "12345",
            "student_id": str(STUDENT_ID),
            "term": "2026-T4",
            "threshold": 5,
            "direction": "up",
            "from_tier": "green",
            "to_tier": "yellow",
            "absent_half_days": 11,
            "absent_days": 5.5,
            "occurred_on": "2026-11-19",
            "sequence": 1,
            "record_id": json.loads(event.encode().value or b"")["record_id"],
            "absent_on": [],
            "illness_half_days": 0,
            "standing": 0,
        },
    }
    assert await office.attempts(subscription) == [(1, "done", 204, "HTTP 204")]
    assert await office.deliveries() == ["delivered"]


async def test_a_subscription_gets_messages_for_teams_or_slack_signed_as_ever(office: Office) -> None:
    async with receiving() as receiver:
        wanted = {"url": receiver.url(), "schools": [SCHOOL], "events": [CROSSED, RETRACTED], "format": "teams"}
        subscription = await office.call("POST", "", status=201, json=wanted)
        await office.say(up(5, 11, to="yellow"))
        assert await office.work() == 1
        changed = await office.call("PATCH", f"/{subscription['id']}", json={"format": "slack"})
        assert (subscription["format"], changed["format"]) == ("teams", "slack")
        await office.say(down(5, 9, to="green"))
        assert await office.work() == 1
        await office.call("POST", f"/{subscription['id']}/test", status=202)
        assert await office.work() == 1
    card, message, test = receiver.requests
    assert {request.headers["content-type"] for request in receiver.requests} == {"application/json; charset=utf-8"}
    body = verified(subscription["secret"], card, NOW)["attachments"][0]["content"]["body"]
    assert body[0]["text"] == "5 days reached"
    assert "5 days taken back: Marks of student 12345 were corrected" in verified(subscription["secret"], message, NOW)["text"]
    assert verified(subscription["secret"], test, NOW)["text"] == "Test: This is a test. It is about no student."


async def test_children_of_one_key_are_named_as_their_school_names_them_now(office: Office) -> None:
    """In the event, in a message and in the list of attempts; a replay says what the keys are by then."""
    second = f"{STUDENT}~2"
    async with receiving() as receiver, receiving() as channel:
        subscription = await office.subscribe(receiver.url())
        await office.call("POST", "", status=201, json={"url": channel.url(), "schools": [SCHOOL], "events": [CROSSED], "format": "slack"})
        await office.say(up(5, 11, to="yellow"), up(5, 11, to="yellow", student="678"))
        assert await office.work() == 4

        async with office.engine.begin() as connection:
            await key_holders.keep(connection, [Holder(SCHOOL, STUDENT, second, SAID_AT), Holder("0189", "678", "678~2", SAID_AT)])
        await office.say(up(10, 21, to="orange", student=second))
        assert await office.work() == 2
        await office.call("POST", f"/{subscription['id']}/replay", status=202, json={"from": "2026-11-01T00:00:00Z"})
        assert await office.work() == 3
        items = (await office.call("GET", f"/{subscription['id']}/attempts"))["items"]
    bodies = [verified(subscription["secret"], request, NOW)["data"] for request in receiver.requests]
    assert sorted(body["student"] for body in bodies[:2]) == [STUDENT, "678"]
    assert bodies[2] == bodies[2] | {"student": STUDENT, "student_id": str(student_id(SCHOOL, second)), "absent_days": 10.5}
    assert {(body["student"], body["student_id"]) for body in bodies[3:]} == {
        (f"{STUDENT}~1", str(STUDENT_ID)),
        ("678", str(student_id(SCHOOL, "678"))),
        (STUDENT, str(student_id(SCHOOL, second))),
    }
    assert {item["request"]["body"]["data"]["student"] for item in items} == {STUDENT, f"{STUDENT}~1", "678"}
    assert f"Student {STUDENT} has been away for 10.5 days" in json.loads(channel.requests[-1].body)["text"]


async def test_a_test_event_arrives_signed_and_no_replay_repeats_it(office: Office) -> None:
    async with receiving() as receiver, receiving() as other:
        subscription = await office.subscribe(receiver.url())
        await office.subscribe(other.url())
        sent = await office.call("POST", f"/{subscription['id']}/test", status=202)
        assert await office.work() == 1
        (request,) = receiver.requests
        body = verified(subscription["secret"], request, NOW)
        assert (body["type"], body["id"], body["data"]["subscription"]) == ("nz.star.test.v1", sent["event_id"], subscription["id"])
        (attempt,) = (await office.call("GET", f"/{subscription['id']}/attempts"))["items"]
        assert (attempt["event"], attempt["status"], attempt["request"]["body"]) == ("nz.star.test.v1", 204, body)
        assert "webhook-signature" not in attempt["request"]["headers"]
        shown = await office.shown(subscription)
        assert (shown["last_day"], shown["oldest_waiting"]) == ({"attempts": 1, "succeeded": 1}, None)
        await office.call("POST", f"/{subscription['id']}/replay", status=202, json={"from": "2026-11-01T00:00:00Z"})
        assert await office.work() == 0
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "paused"})
        await office.call("POST", f"/{subscription['id']}/test", status=409)
    assert other.requests == []


async def test_each_subscription_gets_what_it_asked_for(office: Office) -> None:
    async with receiving() as crossings, receiving() as plans, receiving() as everything, receiving() as elsewhere:
        await office.subscribe(crossings.url(), CROSSED)
        await office.subscribe(plans.url(), PLAN)
        everywhere = office.headers(subject="ministry", schools=("*",))
        await office.subscribe(everything.url(), CROSSED, RETRACTED, PLAN, schools=("*",), headers=everywhere)
        await office.subscribe(elsewhere.url(), CROSSED, PLAN, schools=("0189",), headers=office.headers(schools=("0189",)))
        crossed, retracted, published, other = up(5, 11, to="yellow"), down(5, 9, to="green"), plan(), plan("0189")
        await office.say(crossed, published)
        await office.say(retracted, other)
        await office.work()

    assert crossings.ids == [crossed.id]
    assert plans.ids == [published.id]
    assert sorted(everything.ids) == sorted([crossed.id, published.id, retracted.id, other.id])
    assert elsewhere.ids == [other.id]


async def test_an_event_that_is_read_again_is_sent_once(office: Office) -> None:
    async with receiving() as receiver:
        await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"), up(5, 11, to="yellow"))
        await office.work()
        await office.say(up(5, 11, to="yellow"))
        await office.work()

    assert len(receiver.requests) == 1
    assert await office.deliveries() == ["delivered"]


async def test_what_is_older_than_events_are_kept_is_not_sent(office: Office) -> None:
    async with receiving() as receiver:
        await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow", said_at=NOW - timedelta(days=31)))
        assert await office.work() == 0
        assert await office.rows("SELECT count(*) FROM partner_events") == [(0,)]


async def test_an_event_whose_id_no_webhook_can_carry_is_a_dead_letter(office: Office) -> None:
    async with receiving() as receiver:
        await office.subscribe(receiver.url())
        await office.say(dataclasses.replace(up(5, 11, to="yellow"), id="a.b"), up(10, 20, to="orange"))
        assert await office.work() == 1
    assert await office.rows("SELECT reason FROM dead_letters") == [("bad-id",)]


async def test_a_receiver_that_comes_back_after_a_day_gets_everything(office: Office) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        subscription = await office.subscribe(receiver.url())
    # Nobody listens there any more.
    await office.say(up(5, 11, to="yellow"))
    assert await office.work() == 1
    began = office.now
    for pause in (5, 300, 1800, 7200, 18000, 36000):
        # With the jitter, a fifth later at most.
        office.passes(timedelta(seconds=pause * 1.2 + 1))
        assert await office.work() == 1
    assert office.now - began > timedelta(hours=20)
    await office.say(up(10, 21, to="orange"))
    await office.work()
    assert (await office.shown(subscription))["failing_since"] == NOW.isoformat().replace("+00:00", "Z")

    async with receiving(receiver):
        office.passes(timedelta(minutes=5))
        # The newer one is due, and arrives; then the older one need not wait for its next try, which is hours away.
        assert await office.work() == 2

    assert receiver.ids == [up(10, 21, to="orange").id, up(5, 11, to="yellow").id]
    shown = await office.shown(subscription)
    assert (shown["state"], shown["failing_since"], shown["deliveries"]) == ("active", None, {"waiting": 0, "held": 0, "failed": 0})
    assert [(outcome, detail) for _, outcome, _, detail in await office.attempts(subscription)][:7] == [
        ("retry", "the connection was refused")
    ] * 7


async def test_a_delivery_is_given_up_after_ten_tries_and_a_replay_starts_again(office: Office) -> None:
    async with receiving(Receiver(answer=saying(500))) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        for pause in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400):
            assert await office.work() == 1
            office.passes(timedelta(seconds=pause * 1.2))
        assert await office.deliveries() == ["waiting"]
        assert await office.work() == 1
        assert len(receiver.requests) == 10
        assert (await office.shown(subscription))["deliveries"]["failed"] == 1
        assert await office.attempts(subscription) == [(n, "retry", 500, "HTTP 500") for n in range(1, 10)] + [
            (10, "failed", 500, "HTTP 500")
        ]

        receiver.script = [saying(500), saying(200)]
        replay = {"from": (NOW - timedelta(days=1)).isoformat(), "undelivered": True}
        assert await office.call("POST", f"/{subscription['id']}/replay", status=202, json=replay) == {"queued": 1}
        assert await office.work() == 1
        office.passes(timedelta(minutes=5))
        assert await office.work() == 1
    assert await office.deliveries() == ["delivered"]


async def test_410_disables_at_once_and_what_is_said_later_is_held(office: Office) -> None:
    async with receiving(Receiver(answer=saying(410))) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        await office.say(up(10, 21, to="orange"))
        office.passes(timedelta(days=1))
        assert await office.work() == 0

        shown = await office.shown(subscription)
        assert (shown["state"], shown["reason"], shown["deliveries"]["held"]) == ("disabled", "gone", 2)
        assert len(receiver.requests) == 1

        receiver.answer = saying(200)
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "active"})
        assert await office.work() == 2
    assert sorted(receiver.ids[1:]) == sorted([up(5, 11, to="yellow").id, up(10, 21, to="orange").id])


async def test_five_days_of_nothing_but_failures_disable_it(office: Office) -> None:
    async with receiving(Receiver(answer=saying(500))) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        office.passes(timedelta(days=4, hours=23))
        await office.say(up(10, 21, to="orange"))
        await office.work()
        assert (await office.shown(subscription))["state"] == "active"
        office.passes(timedelta(hours=2))
        await office.work()
        shown = await office.shown(subscription)
        assert (shown["state"], shown["reason"]) == ("disabled", "failing")
        assert shown["deliveries"] == {"waiting": 0, "held": 2, "failed": 0}


async def test_pausing_holds_and_resuming_sends_what_was_held(office: Office) -> None:
    async with receiving(Receiver(script=[saying(503)])) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "paused"})
        await office.say(up(10, 21, to="orange"))
        office.passes(timedelta(days=2))
        assert await office.work() == 0
        assert (await office.shown(subscription))["deliveries"] == {"waiting": 0, "held": 2, "failed": 0}

        await office.call("PATCH", f"/{subscription['id']}", json={"state": "active"})
        assert await office.work() == 2
    assert len(receiver.requests) == 3
    assert await office.deliveries() == ["delivered", "delivered"]


async def test_a_subscription_paused_during_an_attempt_keeps_the_delivery(office: Office) -> None:
    paused = asyncio.Event()

    async def pauses(writer: asyncio.StreamWriter) -> None:
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "paused"})
        paused.set()
        await saying(500)(writer)

    async with receiving(Receiver(script=[pauses])) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        assert paused.is_set()
        assert await office.deliveries() == ["held"]
        await office.call("PATCH", f"/{subscription['id']}", json={"state": "active"})
        assert await office.work() == 1
    assert await office.deliveries() == ["delivered"]


async def test_for_a_day_both_secrets_sign(office: Office) -> None:
    async with receiving() as receiver:
        old = await office.subscribe(receiver.url())
        new = await office.call("POST", f"/{old['id']}/rotate")
        assert new["secret"] != old["secret"]
        assert new["previous_secret_until"] == (NOW + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        office.passes(timedelta(hours=24))
        await office.say(up(10, 21, to="orange"))
        await office.work()

    during, after = receiver.requests
    verified(old["secret"], during, NOW)
    verified(new["secret"], during, NOW)
    assert len(after.headers["webhook-signature"].split(" ")) == 1
    verified(new["secret"], after, NOW + timedelta(hours=24))
    assert (await office.shown(old))["previous_secret_until"] is None


async def test_a_replay_sends_the_same_ids_again_from_a_time_or_behind_an_event(office: Office) -> None:
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url(), CROSSED, PLAN)
        first = up(5, 11, to="yellow", said_at=NOW - timedelta(days=3))
        second = up(10, 21, to="orange", said_at=NOW - timedelta(days=2))
        third = up(15, 31, to="red", said_at=NOW - timedelta(days=1))
        await office.say(first, second, third)
        await office.work()
        receiver.requests.clear()

        path = f"/{subscription['id']}/replay"
        since = (NOW - timedelta(days=2)).isoformat()
        assert await office.call("POST", path, status=202, json={"from": since}) == {"queued": 2}
        await office.work()
        assert sorted(receiver.ids) == sorted([second.id, third.id])

        receiver.requests.clear()
        assert await office.call("POST", path, status=202, json={"after": second.id}) == {"queued": 1}
        await office.work()
        assert receiver.ids == [third.id]
        assert await office.call("POST", path, status=202, json={"from": since, "undelivered": True}) == {"queued": 0}
        until = (NOW - timedelta(days=1)).isoformat()
        assert await office.call("POST", path, status=202, json={"from": since, "to": until}) == {"queued": 1}
    assert await office.rows("SELECT count(*) FROM webhook_deliveries") == [(3,)]


async def test_a_new_subscription_can_ask_for_what_was_said_before_it(office: Office) -> None:
    await office.say(up(5, 11, to="yellow"), plan("0189"))
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url(), CROSSED, PLAN)
        assert await office.work() == 0
        await office.call("POST", f"/{subscription['id']}/replay", status=202, json={"from": "2026-11-01T00:00:00Z"})
        await office.work()
    assert receiver.ids == [up(5, 11, to="yellow").id]


async def test_a_worker_that_dies_in_the_middle_sends_again_with_the_same_id(office: Office) -> None:
    reached = asyncio.Event()

    async def takes_it_and_never_answers(writer: asyncio.StreamWriter) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with receiving(Receiver(script=[takes_it_and_never_answers])) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        dying = asyncio.create_task(office.runner().run_once())
        await reached.wait()
        for task in asyncio.all_tasks():
            if task.get_name().startswith("webhook-"):
                task.cancel()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)

        # Its lease holds, as nobody can know that it is dead.
        assert await office.work() == 0
        await leases_run_out(office.engine)
        assert await office.work() == 1

    assert receiver.ids == [up(5, 11, to="yellow").id] * 2
    assert await office.attempts(subscription) == [(1, None, None, None), (2, "done", 204, "HTTP 204")]


async def test_a_deleted_subscription_gets_nothing_more_and_is_forgotten(office: Office) -> None:
    async with receiving(Receiver(answer=saying(500))) as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        await office.call("DELETE", f"/{subscription['id']}", status=204)
        await office.say(up(10, 21, to="orange"))
        office.passes(timedelta(days=1))
        assert await office.work() == 0
    assert len(receiver.requests) == 1
    await office.call("GET", f"/{subscription['id']}", status=404)
    assert await office.rows("SELECT url, secret, previous_secret FROM subscriptions") == [("", None, None)]

    await office.forget()
    assert await office.rows("SELECT count(*) FROM subscriptions") == [(0,)]
    assert await office.rows("SELECT count(*) FROM work") == [(0,)]


async def test_events_are_forgotten_with_their_deliveries_and_attempts(office: Office) -> None:
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        await office.work()
        office.passes(timedelta(days=20))
        await office.say(up(10, 21, to="orange", said_at=office.now))
        await office.work()
        assert await office.forget() == 0
        office.passes(timedelta(days=11))
        assert await office.forget() == 1

    assert await office.rows("SELECT event_id FROM partner_events") == [(up(10, 21, to="orange").id,)]
    assert len(await office.attempts(subscription)) == 1
    assert await office.rows("SELECT count(*) FROM work_attempts") == [(1,)]
    await office.call("POST", f"/{subscription['id']}/replay", status=404, json={"after": up(5, 11, to="yellow").id})


async def test_without_the_key_nothing_is_sent_and_with_it_again_no_try_was_lost(office: Office) -> None:
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url())
        await office.say(up(5, 11, to="yellow"))
        wrong = office.task()
        object.__setattr__(wrong, "vault", Vault([Fernet.generate_key().decode()]))
        for _ in range(12):
            assert await office.runner(wrong).run_once() == 1
            office.passes(timedelta(minutes=5))
        assert receiver.requests == []
        assert (await office.shown(subscription))["failing_since"] is None
        await office.work()
    assert len(receiver.requests) == 1


async def test_secrets_are_not_to_be_read_in_the_database(office: Office) -> None:
    async with receiving() as receiver:
        subscription = await office.subscribe(receiver.url())
    ((secret,),) = await office.rows("SELECT secret FROM subscriptions")
    assert subscription["secret"].startswith("whsec_")
    assert subscription["secret"].encode() not in secret
    assert "secret" not in await office.shown(subscription)
