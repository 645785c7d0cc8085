"""Permission to subscribe, and refusals."""

import uuid
from typing import Any

import pytest

from services.notifier.partners.api.subscriptions import MOST
from tests.integration.notifier.partners.conftest import CROSSED, NOW, PLAN, RETRACTED, Office, plan
from tests.integration.notifier.partners.test_webhooks import verified
from tests.support.crossings import SCHOOL, up
from tests.support.receivers import receiving

URL = "http://127.0.0.1:9/star"


async def test_what_a_new_subscription_answers(office: Office) -> None:
    made = await office.subscribe(URL, RETRACTED, CROSSED, CROSSED)
    now = NOW.isoformat().replace("+00:00", "Z")
    assert made == {
        "id": made["id"],
        "url": URL,
        "schools": [SCHOOL],
        "events": [CROSSED, RETRACTED],
        "format": "cloudevents",
        "state": "active",
        "reason": None,
        "state_since": now,
        "created_at": now,
        "failing_since": None,
        "previous_secret_until": None,
        "deliveries": {"waiting": 0, "held": 0, "failed": 0},
        "last_day": {"attempts": 0, "succeeded": 0},
        "oldest_waiting": None,
        "secret": made["secret"],
    }
    del made["secret"]
    assert await office.shown(made) == made
    assert await office.call("GET", "") == {"items": [made], "next": None}


async def test_a_subscription_is_its_owners_alone(office: Office) -> None:
    made = await office.subscribe(URL)
    stranger = office.headers(subject="another partner")
    assert (await office.call("GET", "", headers=stranger))["items"] == []
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"state": "paused"}),
        ("DELETE", "", None),
        ("POST", "/rotate", None),
        ("GET", "/attempts", None),
        ("POST", "/replay", {"from": "2026-11-01T00:00:00Z"}),
    ):
        answer = await office.call(method, f"/{made['id']}{path}", status=404, headers=stranger, json=body)
        assert answer["type"] == "urn:nz-star:problem:unknown-subscription"
    await office.call("GET", f"/{uuid.uuid4()}", status=404)
    assert (await office.shown(made))["state"] == "active"


async def test_the_token_must_hold_for_the_schools_and_have_the_scope(office: Office) -> None:
    body = {"url": URL, "schools": ["0189"], "events": [CROSSED]}
    assert (await office.call("POST", "", status=403, json=body))["type"].endswith("another-school")
    assert (await office.call("POST", "", status=403, json=body | {"schools": ["*"]}))["type"].endswith("another-school")
    reader = office.headers(scopes=["star:read"])
    assert (await office.call("POST", "", status=403, json=body, headers=reader))["type"].endswith("missing-scope")
    teacher = office.headers(role="manage")
    mine = body | {"schools": [SCHOOL]}
    assert (await office.call("POST", "", status=403, json=mine, headers=teacher))["type"].endswith("missing-role")
    tutor = office.headers(groups=["9A"])
    assert (await office.call("POST", "", status=403, json=mine, headers=tutor))["type"].endswith("part-of-a-school")
    anonymous = {"Authorization": "Bearer nobody"}
    await office.call("POST", "", status=401, json=mine, headers=anonymous)


async def test_schools_that_the_token_has_lost_are_not_resumed_or_sent_elsewhere(office: Office) -> None:
    both = office.headers(schools=(SCHOOL, "0189"))
    made = await office.subscribe(URL, schools=(SCHOOL, "0189"), headers=both)
    await office.call("PATCH", f"/{made['id']}", json={"state": "paused"})
    await office.call("PATCH", f"/{made['id']}", status=403, json={"state": "active"})
    await office.call("PATCH", f"/{made['id']}", status=403, json={"url": "https://1.1.1.1/elsewhere"})
    await office.call("PATCH", f"/{made['id']}", json={"state": "active", "schools": [SCHOOL]})
    await office.call("PATCH", f"/{made['id']}", status=403, json={"schools": ["0189"]})
    lost = office.headers(schools=("0189",))
    await office.call("POST", f"/{made['id']}/replay", status=403, json={"from": "2026-11-01T00:00:00Z"}, headers=lost)
    assert (await office.shown(made))["schools"] == [SCHOOL]


@pytest.mark.parametrize(
    "change",
    [
        {"events": []},
        {"events": ["nz.star.marks.recorded.v1"]},
        {"events": ["nz.star.student.updated.v1"]},
        {"events": ["nz.star.letters.held.v1"]},
        {"events": [CROSSED, "typo"]},
        {"schools": []},
        {"schools": ["*", "0999"]},
        {"schools": ["school"]},
        {"url": "https://user:secret@partner.example/"},
        {"url": "ftp://partner.example/"},
        {"url": ""},
        {"secret": "whsec_mine"},
        {"state": "disabled"},
    ],
)
async def test_bad_fields_are_refused_and_nothing_of_them_is_quoted(office: Office, change: dict[str, Any]) -> None:
    body = {"url": URL, "schools": [SCHOOL], "events": [CROSSED]} | change
    answer = await office.call("POST", "", status=422, json=body)
    assert answer["type"] == "urn:nz-star:problem:invalid-request"
    assert "secret@" not in str(answer)
    made = await office.subscribe(URL)
    await office.call("PATCH", f"/{made['id']}", status=422, json=change)


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/star",
        "https://169.254.169.254/latest/",
        "http://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "http://1.1.1.1/star",
        "https://no-such-name.invalid/",
    ],
)
async def test_receivers_inside_are_refused_and_plain_http_outside(office: Office, url: str) -> None:
    body = {"url": url, "schools": [SCHOOL], "events": [CROSSED]}
    answer = await office.call("POST", "", status=422, json=body)
    assert answer["type"] == "urn:nz-star:problem:address-refused"
    made = await office.subscribe(URL)
    assert (await office.call("PATCH", f"/{made['id']}", status=422, json={"url": url}))["type"].endswith("address-refused")


async def test_a_public_address_with_tls_is_taken(office: Office) -> None:
    assert (await office.subscribe("https://1.1.1.1/star"))["url"] == "https://1.1.1.1/star"


async def test_changes_hold_for_what_comes_next(office: Office) -> None:
    async with receiving() as old, receiving() as new:
        made = await office.subscribe(old.url())
        await office.say(up(5, 11, to="yellow"))
        await office.call("PATCH", f"/{made['id']}", json={"url": new.url(), "events": [PLAN]})
        published = plan()
        await office.say(up(10, 21, to="orange"), published)
        await office.work()
        # What waited goes to the new address, if it is still asked for.
        assert old.requests == []
        assert new.ids == [published.id]
        assert await office.deliveries() == ["failed", "delivered"]
        assert (1, "failed", None, "the subscription asks for it no longer") in await office.attempts(made)


async def test_a_replay_names_one_start_and_an_active_subscription(office: Office) -> None:
    made = await office.subscribe(URL)
    path = f"/{made['id']}/replay"
    since = {"from": "2026-11-01T00:00:00Z"}
    for body in ({}, since | {"after": "x"}, since | {"to": "2026-10-01T00:00:00Z"}, {"from": "2026-11-01T00:00:00"}, {"form": "typo"}):
        await office.call("POST", path, status=422, json=body)
    assert (await office.call("POST", path, status=404, json={"after": "x"}))["type"].endswith("unknown-event")
    await office.call("PATCH", f"/{made['id']}", json={"state": "paused"})
    assert (await office.call("POST", path, status=409, json=since))["type"].endswith("not-active")


async def test_lists_lead_from_page_to_page(office: Office) -> None:
    async with receiving() as receiver:
        made = [await office.subscribe(receiver.url()) for _ in range(3)]
        events = [up(5, 11, to="yellow", student=str(number)) for number in range(3)]
        await office.say(*events)
        await office.work()

    seen, cursor = [], None
    while True:
        page = await office.call("GET", "", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(item["id"] for item in made)

    path, told, cursor = f"/{made[0]['id']}/attempts", [], None
    while True:
        page = await office.call("GET", path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        told += [item["event_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(told) == sorted(event.id for event in events)
    one = await office.call("GET", path, params={"event_id": events[1].id})
    assert [(item["event_id"], item["event"], item["delivery"]) for item in one["items"]] == [(events[1].id, CROSSED, "delivered")]
    await office.call("GET", path, status=422, params={"cursor": "made-up"})
    await office.call("GET", "", status=422, params={"cursor": "made-up"})


async def test_a_subject_has_only_so_many(office: Office) -> None:
    for _ in range(MOST):
        last = await office.subscribe(URL)
    body = {"url": URL, "schools": [SCHOOL], "events": [CROSSED]}
    assert (await office.call("POST", "", status=409, json=body))["type"].endswith("too-many-subscriptions")
    await office.subscribe(URL, headers=office.headers(subject="another partner"))
    await office.call("DELETE", f"/{last['id']}", status=204)
    await office.subscribe(URL)


async def test_a_school_sees_who_hears_of_it_and_nothing_more(office: Office) -> None:
    both = office.headers(schools=(SCHOOL, "0189"))
    made = await office.subscribe(f"{URL}?key=secret", schools=(SCHOOL, "0189"), headers=both)
    await office.subscribe(URL, schools=("0189",), headers=both)
    everywhere = await office.subscribe(URL, schools=("*",), headers=office.headers(subject="ministry", schools=("*",)))
    deputy = office.headers(scopes=["star:read"], role="manage")
    answer = await office.http.get(f"/v1/schools/{SCHOOL}/subscriptions", headers=deputy)
    now = NOW.isoformat().replace("+00:00", "Z")
    shown = {"host": "127.0.0.1", "events": [CROSSED], "state": "active", "created_at": now}
    expected = [
        {"id": made["id"], "owner": "partner", "all_schools": False} | shown,
        {"id": everywhere["id"], "owner": "ministry", "all_schools": True} | shown,
    ]
    assert sorted(answer.json()["items"], key=str) == sorted(expected, key=str)
    first = (await office.http.get(f"/v1/schools/{SCHOOL}/subscriptions", params={"limit": 1}, headers=deputy)).json()
    rest = (await office.http.get(f"/v1/schools/{SCHOOL}/subscriptions", params={"cursor": first["next"]}, headers=deputy)).json()
    assert sorted([*first["items"], *rest["items"]], key=str) == sorted(expected, key=str)

    teacher = office.headers(scopes=["star:read"], role="respond")
    assert (await office.http.get(f"/v1/schools/{SCHOOL}/subscriptions", headers=teacher)).status_code == 403
    assert (await office.http.get("/v1/schools/0189/subscriptions", headers=deputy)).status_code == 403


async def test_a_school_cuts_a_partner_off(office: Office) -> None:
    principal = office.headers(scopes=["star:write"])
    async with receiving() as receiver:
        both = office.headers(schools=(SCHOOL, "0189"))
        made = await office.subscribe(receiver.url(), CROSSED, PLAN, schools=(SCHOOL, "0189"), headers=both)
        waiting, elsewhere = up(5, 11, to="yellow"), plan("0189")
        await office.say(waiting, elsewhere)
        path = f"/v1/schools/{SCHOOL}/subscriptions/{made['id']}"
        assert (await office.http.delete(path, headers=office.headers(scopes=["star:write"], role="manage"))).status_code == 403
        assert (await office.http.delete(path, headers=principal)).status_code == 204
        await office.say(up(10, 21, to="orange"))
        await office.work()
        assert receiver.ids == [elsewhere.id]
        assert (await office.http.delete(path, headers=principal)).status_code == 404
        assert (await office.shown(made))["schools"] == ["0189"]

        # Of a subscription for one school nothing is left.
        alone = await office.subscribe(receiver.url())
        assert (await office.http.delete(f"/v1/schools/{SCHOOL}/subscriptions/{alone['id']}", headers=principal)).status_code == 204
        await office.call("GET", f"/{alone['id']}", status=404)

        everywhere = await office.subscribe(receiver.url(), schools=("*",), headers=office.headers(schools=("*",)))
        refused = await office.http.delete(f"/v1/schools/{SCHOOL}/subscriptions/{everywhere['id']}", headers=principal)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:nz-star:problem:all-schools")


async def test_the_same_request_makes_one_subscription_and_one_secret(office: Office) -> None:
    body = {"url": URL, "schools": [SCHOOL], "events": [CROSSED]}
    key = office.headers() | {"Idempotency-Key": "partner-7"}
    made = await office.call("POST", "", status=201, json=body, headers=key)
    assert await office.call("POST", "", status=201, json=body, headers=key) == made
    another = await office.call("POST", "", status=409, json=body | {"events": [PLAN]}, headers=key)
    assert another["type"].endswith("key-used")
    stranger = office.headers(subject="another partner") | {"Idempotency-Key": "partner-7"}
    assert (await office.call("POST", "", status=201, json=body, headers=stranger))["secret"] != made["secret"]
    rotated = await office.call("POST", f"/{made['id']}/rotate", headers=key)
    assert rotated["secret"] != made["secret"]
    assert await office.call("POST", f"/{made['id']}/rotate", headers=key) == rotated
    # The secret of before still signs: it was not pushed out by the repetition.
    async with receiving() as receiver:
        await office.call("PATCH", f"/{made['id']}", json={"url": receiver.url()})
        first = await office.call("POST", f"/{made['id']}/test", status=202, headers=key)
        assert await office.call("POST", f"/{made['id']}/test", status=202, headers=key) == first
        assert await office.work() == 1
        (request,) = receiver.requests
        verified(made["secret"], request, NOW)
        assert await office.call("POST", f"/{made['id']}/test", status=202, headers=key) == first
        assert await office.work() == 0
    await office.call("DELETE", f"/{made['id']}", status=204)
    assert (await office.call("POST", "", status=409, json=body, headers=key))["type"].endswith("key-used")
