"""Responses on a STAR record: recorded, put right, taken back, with everything kept that was ever said."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.integration.thresholds.records.staffroom import NOW, Staffroom, record_id, record_path, talked


async def test_several_responses_on_a_record(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    await staffroom.ok("POST", f"{path}/responses", talked(), role="respond")
    staffroom.clock.now += timedelta(hours=1)
    record = await staffroom.ok("POST", f"{path}/responses", talked(activity="meeting-with-whanau", note="at home"), role="respond")
    first, second = record["responses"]
    assert first == {
        "id": first["id"],
        "activity": "conversation-with-whanau",
        "label": "Conversation with whānau",
        "standard": "conversation-with-whanau",
        "occurred_on": "2026-11-19",
        "staff": "Ms Example",
        "note": None,
        "recorded_by": "dean",
        "recorded_at": "2026-11-20T02:00:00.000001Z",
        "amended_at": None,
        "withdrawn_by": None,
        "withdrawn_at": None,
    }
    assert (second["activity"], second["note"]) == ("meeting-with-whanau", "at home")
    assert record["answered"] is True
    assert await staffroom.ok("GET", path, role="view") == record
    said = await staffroom.said()
    assert [(kind, data["activity"]) for kind, data in said] == [
        ("response.recorded", "conversation-with-whanau"),
        ("response.recorded", "meeting-with-whanau"),
    ]
    assert not {"staff", "note"} & {name for _, data in said for name in data}


async def test_a_response_is_put_right(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked(note="phoned"), subject="aroha", role="respond")
    response = f"{path}/responses/{record['responses'][0]['id']}"
    staffroom.clock.now += timedelta(hours=1)
    changes = {"activity": "conversation-with-student", "occurred_on": "2026-11-18"}
    record = await staffroom.ok("PATCH", response, changes, subject="aroha", role="respond")
    (shown,) = record["responses"]
    assert {
        name: shown[name] for name in ("activity", "label", "standard", "occurred_on", "staff", "note", "recorded_at", "amended_at")
    } == {
        "activity": "conversation-with-student",
        "label": "Conversation with student",
        "standard": "conversation-with-student",
        "occurred_on": "2026-11-18",
        "staff": "Ms Example",
        "note": "phoned",
        "recorded_at": "2026-11-20T02:00:00.000001Z",
        "amended_at": "2026-11-20T03:00:00Z",
    }
    kind, data = (await staffroom.said())[-1]
    assert (kind, data["activity"], data["occurred_on"], data["recorded_at"], data["amended_at"]) == (
        "response.amended",
        "conversation-with-student",
        date(2026, 11, 18),
        NOW + timedelta(microseconds=1),
        NOW + timedelta(hours=1),
    )
    assert (data["response_id"], data["record_id"], data["threshold"]) == (type(data["response_id"])(shown["id"]), record_id(), 5)


async def test_what_stays_at_home_is_no_event(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked(note="phoned"))
    response = f"{path}/responses/{record['responses'][0]['id']}"
    record = await staffroom.ok("PATCH", response, {"note": None, "staff": "Mr Example"})
    assert [(item["note"], item["staff"]) for item in record["responses"]] == [(None, "Mr Example")]
    record = await staffroom.ok("PATCH", response, {"staff": "Mr Example"})
    assert [kind for kind, _ in await staffroom.said()] == ["response.recorded"]
    assert [step["action"] for step in (await staffroom.ok("GET", f"{path}/history"))["items"]] == [
        "crossed",
        "response-recorded",
        "response-changed",
    ]


async def test_a_response_that_never_happened(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked())
    (response,) = record["responses"]
    record = await staffroom.ok("DELETE", f"{path}/responses/{response['id']}", role="respond")
    assert (record["responses"], record["answered"]) == ([], False)
    assert (await staffroom.ok("GET", path))["responses"] == []
    (kept,) = (await staffroom.ok("GET", path, include_withdrawn=True))["responses"]
    assert (kept["id"], kept["withdrawn_by"], kept["withdrawn_at"]) == (response["id"], "dean", "2026-11-20T02:00:00.000002Z")
    (listed,) = (await staffroom.ok("GET", "/v1/schools/0999/star-records", include_withdrawn=True))["items"]
    assert listed["responses"] == [kept]
    (listed,) = (await staffroom.ok("GET", "/v1/schools/0999/star-records"))["items"]
    assert listed["responses"] == []

    await staffroom.ok("DELETE", f"{path}/responses/{response['id']}", role="respond")
    assert [kind for kind, _ in await staffroom.said()] == ["response.recorded", "response.withdrawn"]
    assert str((await staffroom.said())[-1][1]["response_id"]) == response["id"]
    assert await staffroom.refused("PATCH", f"{path}/responses/{response['id']}", {"staff": "x"}) == (409, "response-withdrawn")


async def test_ones_own_and_others_responses(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked(), subject="aroha", role="respond")
    response = f"{path}/responses/{record['responses'][0]['id']}"
    for method, body in (("PATCH", {"staff": "Mr Example"}), ("DELETE", None)):
        assert await staffroom.refused(method, response, body, subject="ben", role="respond") == (403, "missing-role")
        assert await staffroom.refused(method, response, body, subject="aroha", role="view") == (403, "missing-role")
    assert [kind for kind, _ in await staffroom.said()] == ["response.recorded"]
    await staffroom.ok("PATCH", response, {"staff": "Mr Example"}, subject="aroha", role="respond")
    await staffroom.ok("DELETE", response, subject="mana", role="manage")
    (kept,) = (await staffroom.ok("GET", path, include_withdrawn=True))["responses"]
    assert (kept["staff"], kept["recorded_by"], kept["withdrawn_by"]) == ("Mr Example", "aroha", "mana")


async def test_the_history_tells_everything(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked(note="phoned"), subject="aroha", role="respond")
    response = record["responses"][0]["id"]
    staffroom.clock.now += timedelta(minutes=1)
    await staffroom.ok(
        "PATCH", f"{path}/responses/{response}", {"occurred_on": "2026-11-18", "note": None}, subject="aroha", role="respond"
    )
    staffroom.clock.now += timedelta(minutes=1)
    await staffroom.ok("PATCH", path, {"status": "closed", "outcome": "barriers-resolved", "assigned_to": "Ms Example"})
    staffroom.clock.now += timedelta(minutes=1)
    await staffroom.ok("PATCH", path, {"status": "open"}, subject="principal")
    await staffroom.ok("DELETE", f"{path}/responses/{response}", subject="principal")
    steps = (await staffroom.ok("GET", f"{path}/history", role="view"))["items"]
    assert steps == [
        {
            "at": "2026-11-20T02:00:00Z",
            "by": None,
            "action": "crossed",
            "response": None,
            "changes": {
                "status": {"from": None, "to": "open"},
                "absent_days": {"from": None, "to": 5.0},
                "crossed_on": {"from": None, "to": "2026-10-16"},
            },
        },
        {
            "at": "2026-11-20T02:00:00.000001Z",
            "by": "aroha",
            "action": "response-recorded",
            "response": response,
            "changes": {
                "activity": {"from": None, "to": "conversation-with-whanau"},
                "label": {"from": None, "to": "Conversation with whānau"},
                "standard": {"from": None, "to": "conversation-with-whanau"},
                "occurred_on": {"from": None, "to": "2026-11-19"},
                "staff": {"from": None, "to": "Ms Example"},
                "note": {"from": None, "to": "phoned"},
            },
        },
        {
            "at": "2026-11-20T02:01:00Z",
            "by": "aroha",
            "action": "response-changed",
            "response": response,
            "changes": {"occurred_on": {"from": "2026-11-19", "to": "2026-11-18"}, "note": {"from": "phoned", "to": None}},
        },
        {
            "at": "2026-11-20T02:02:00Z",
            "by": "dean",
            "action": "closed",
            "response": None,
            "changes": {
                "status": {"from": "open", "to": "closed"},
                "outcome": {"from": None, "to": "barriers-resolved"},
                "assigned_to": {"from": None, "to": "Ms Example"},
            },
        },
        {
            "at": "2026-11-20T02:03:00Z",
            "by": "principal",
            "action": "reopened",
            "response": None,
            "changes": {"status": {"from": "closed", "to": "open"}, "outcome": {"from": "barriers-resolved", "to": None}},
        },
        {
            "at": "2026-11-20T02:03:00.000001Z",
            "by": "principal",
            "action": "response-withdrawn",
            "response": response,
            "changes": {"withdrawn": {"from": False, "to": True}},
        },
    ]


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"activity": "no-such-thing"}, 422, "unknown-activity"),
        ({"activity": ""}, 422, "invalid-request"),
        ({"activity": "no-action-reason-recorded"}, 422, "note-missing"),
        ({"occurred_on": "2026-11-21"}, 422, "future-date"),
        ({"occurred_on": "soon"}, 422, "invalid-request"),
        ({"staff": " "}, 422, "invalid-request"),
        ({"staff": "a\x00b"}, 422, "invalid-request"),
        ({"note": "x" * 4_001}, 422, "invalid-request"),
        ({"sent": True}, 422, "invalid-request"),
    ],
)
async def test_what_can_not_be_recorded(staffroom: Staffroom, changes: dict[str, Any], status: int, kind: str) -> None:
    path = await staffroom.crossed()
    assert await staffroom.refused("POST", f"{path}/responses", talked(**changes)) == (status, kind)
    record = await staffroom.ok("POST", f"{path}/responses", talked())
    assert await staffroom.refused("PATCH", f"{path}/responses/{record['responses'][0]['id']}", changes) == (status, kind)
    (response,) = (await staffroom.ok("GET", path))["responses"]
    assert response == record["responses"][0]


async def test_nothing_done_for_a_reason(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    record = await staffroom.ok("POST", f"{path}/responses", talked(activity="no-action-reason-recorded", note="in hospital"))
    response = f"{path}/responses/{record['responses'][0]['id']}"
    assert await staffroom.refused("PATCH", response, {"note": None}) == (422, "note-missing")


async def test_what_is_not_there(staffroom: Staffroom) -> None:
    path = await staffroom.crossed()
    await staffroom.crossed("2")
    record = await staffroom.ok("POST", f"{path}/responses", talked())
    response = record["responses"][0]["id"]
    for elsewhere in (record_path("2"), record_path("3")):
        expected = "unknown-response" if elsewhere == record_path("2") else "unknown-record"
        assert await staffroom.refused("PATCH", f"{elsewhere}/responses/{response}", {"staff": "x"}) == (404, expected)
        assert await staffroom.refused("DELETE", f"{elsewhere}/responses/{response}") == (404, expected)
    for nothing in ({}, {"staff": None}, {"occurred_on": None}):
        assert await staffroom.refused("PATCH", f"{path}/responses/{response}", nothing) == (422, "invalid-request")


async def test_the_same_request_is_recorded_once(staffroom: Staffroom) -> None:
    path = f"{await staffroom.crossed()}/responses"
    key = {"Idempotency-Key": "talk-7"}
    first = await staffroom.ok("POST", path, talked(note="phoned"), headers=key)
    assert await staffroom.ok("POST", path, talked(note="phoned"), headers=key) == first
    assert await staffroom.refused("POST", path, talked(), headers=key) == (409, "key-used")
    assert [name for name, _ in await staffroom.said()] == ["response.recorded"]
    (response,) = first["responses"]
    right = await staffroom.ok("PATCH", f"{path}/{response['id']}", {"note": "visited"})
    assert await staffroom.ok("POST", path, talked(note="phoned"), headers=key) == right
    taken_back = await staffroom.ok("DELETE", f"{path}/{response['id']}")
    assert await staffroom.ok("POST", path, talked(note="phoned"), headers=key) == taken_back
    assert len((await staffroom.ok("POST", path, talked(), headers={"Idempotency-Key": "talk-8"}))["responses"]) == 1
