"""Many responses at once: each taken or refused by itself, and undone by itself."""

import uuid
from typing import Any

from tests.integration.thresholds.records.staffroom import Staffroom, record_id, record_path, talked

MANY = "/v1/schools/0999/responses"


def on(student: str, threshold: int = 5, **changes: Any) -> dict[str, Any]:
    return talked(record=str(record_id(student, threshold)), **changes)


async def answers(staffroom: Staffroom, *items: Any, **who: Any) -> tuple[list[int], list[tuple[int, str]]]:
    """The places of the items that were recorded, and of those refused, with their reasons."""
    answer = await staffroom.as_(who.pop("subject", "dean"), "respond", "POST", MANY, {"responses": items}, **who)
    assert answer.status_code in (202, 422), answer.text
    body = answer.json()
    assert body["accepted"] == len(body["items"])
    return [item["index"] for item in body["items"]], [(refused["index"], refused["reason"]) for refused in body["rejected"]]


async def test_each_item_is_taken_or_refused_by_itself(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    await staffroom.crossed("2", 10)
    items = [
        on("1"),
        on("2", activity="no-such-thing"),
        on("2", occurred_on="2026-11-21"),
        on("2", activity="no-action-reason-recorded"),
        on("1", 10, note="a long cold"),
        talked(record=str(uuid.uuid4())),
        talked(record="x"),
        on("2", staff="a\x00b"),
        on("2", sent=True),
        on("2"),
    ]
    assert await answers(staffroom, *items) == (
        [0, 4, 9],
        [
            (1, "unknown-activity"),
            (2, "future-date"),
            (3, "note-missing"),
            (5, "unknown-record"),
            (6, "bad-field"),
            (7, "bad-field"),
            (8, "bad-field"),
        ],
    )
    for path in (record_path("1"), record_path("1", 10), record_path("2")):
        (response,) = (await staffroom.ok("GET", path))["responses"]
        assert (response["label"], response["recorded_by"]) == ("Conversation with whānau", "dean")
        assert [step["action"] for step in (await staffroom.ok("GET", f"{path}/history"))["items"]] == ["crossed", "response-recorded"]
    assert sorted(str(data["record_id"]) for kind, data in await staffroom.said() if kind == "response.recorded") == sorted(
        str(record_id(student, threshold)) for student, threshold in (("1", 5), ("1", 10), ("2", 5))
    )
    (line,) = await staffroom.audit(action="record-response")
    assert line["students"] == ["1", "2"]


async def test_a_response_of_many_is_withdrawn_by_itself(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    await staffroom.crossed("2")
    many = await staffroom.ok("POST", MANY, {"responses": [on("1"), on("2")]}, role="respond")
    mistaken = many["items"][0]
    await staffroom.ok("DELETE", f"/v1/star-records/{mistaken['record']}/responses/{mistaken['response']}", role="respond")
    assert [(await staffroom.ok("GET", record_path(key)))["answered"] for key in ("1", "2")] == [False, True]


async def test_nothing_is_recorded_where_nothing_can_be(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    assert await staffroom.refused("POST", MANY, {"responses": [on("9")]}) == (422, "nothing-accepted")
    for body in ({"responses": []}, {"responses": [on("1")] * 501}, {"response": [on("1")]}):
        assert await staffroom.refused("POST", MANY, body) == (422, "invalid-request")
    assert (await staffroom.ok("GET", record_path("1")))["responses"] == []


async def test_a_dean_answers_the_records_of_their_own_students_only(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.student("2", "9B")
    await staffroom.crossed("1")
    await staffroom.crossed("2")
    assert await answers(staffroom, on("1"), on("2"), groups=["9A"]) == ([0], [(1, "unknown-record")])
    (line,) = await staffroom.audit(action="refused")
    assert line["filters"]["why"] == "unknown-record"
    assert await answers(staffroom, on("2"), schools="0189 0999", subject="both") == ([0], [])
    assert (await staffroom.as_("view", "view", "POST", MANY, {"responses": [on("1")]})).status_code == 403


async def test_a_record_of_another_school_is_not_there(staffroom: Staffroom) -> None:
    await staffroom.heart.school("0189")
    await staffroom.crossed("1")
    answer = await staffroom.as_("dean", "respond", "POST", "/v1/schools/0189/responses", {"responses": [on("1")]}, schools="0189")
    assert (answer.status_code, answer.json()["rejected"][0]["reason"]) == (422, "unknown-record")


async def test_the_same_request_is_recorded_once(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    await staffroom.crossed("2", 10)
    key = {"Idempotency-Key": "many-7"}
    # Two of one record are two responses.
    body = {"responses": [on("1"), on("1"), on("2", activity="no-such-thing"), on("2")]}
    first = await staffroom.ok("POST", MANY, body, headers=key)
    assert [item["index"] for item in first["items"]] == [0, 1, 3]
    assert len({item["response"] for item in first["items"]}) == 3
    assert await staffroom.ok("POST", MANY, body, headers=key) == first
    assert await answers(staffroom, on("1", note="another"), headers=key) == ([], [(0, "key-used")])
    assert [name for name, _ in await staffroom.said()] == ["response.recorded"] * 3
    # An item that was not taken can be, once it is right.
    mended = {"responses": [*body["responses"][:2], on("2"), body["responses"][3]]}
    assert [item["index"] for item in (await staffroom.ok("POST", MANY, mended, headers=key))["items"]] == [0, 1, 2, 3]
