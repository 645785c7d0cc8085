"""Bad input gets a clear error and loses nothing: every refusal is a problem with a stable type, and nothing of it is on the bus."""

import gzip
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.ingest.conftest import MARK, SCHOOL, Door

PATH = "/v1/schools/0999/marks"


def kind(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:nz-star:problem:")


async def test_without_a_valid_token(door: Door) -> None:
    answer = await door.http.post(PATH, json={"marks": [MARK]})
    assert kind(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    for token in ("nonsense", door.token(valid_for=timedelta(days=-1)), door.token()[:-4] + "AAAA"):
        assert kind(await door.post(MARK, token=token)) == (401, "unauthorized")


async def test_another_scope_or_school(door: Door) -> None:
    assert kind(await door.post(MARK, token=door.token("star:read"))) == (403, "missing-scope")
    assert kind(await door.post(MARK, token=door.token(schools="0189"))) == (403, "another-school")
    assert kind(await door.send("PUT", "/v1/schools/0999", token=door.token(schools="0189"), json=SCHOOL)) == (403, "another-school")


@pytest.mark.parametrize("number", ["0189", "12345", "abc", "%00"])
async def test_unknown_schools(door: Door, number: str) -> None:
    token = door.token(schools="*")
    assert kind(await door.send("POST", f"/v1/schools/{number}/marks", token=token, json={"marks": [MARK]})) == (404, "unknown-school")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "malformed-json")),
        (b"{", (400, "malformed-json")),
        (b'{"marks": [}', (400, "malformed-json")),
        (b"\xff\xfe", (400, "malformed-json")),
        (b"[]", (422, "invalid-request")),
        (b"{}", (422, "invalid-request")),
        (b'{"marks": []}', (422, "invalid-request")),
        (b'{"marks": "M"}', (422, "invalid-request")),
        (b'{"marks": [], "school": "0999"}', (422, "invalid-request")),
        (b'{"marks": [1]}', (422, "nothing-accepted")),
    ],
)
async def test_bodies_that_are_no_roll(door: Door, body: bytes, expected: tuple[int, str]) -> None:
    answer = await door.send("POST", PATH, content=body, headers={"Content-Type": "application/json"})
    assert kind(answer) == expected
    assert await door.published() == []


async def test_too_many_marks_and_too_many_bytes(door: Door) -> None:
    assert kind(await door.post(*[MARK | {"student": str(n)} for n in range(5001)])) == (422, "invalid-request")
    assert kind(await door.send("POST", PATH, content=b" " * (1024 * 1024 + 1))) == (413, "too-large")

    async def endless() -> Any:
        for _ in range(2000):
            yield b" " * 1024

    assert kind(await door.send("POST", PATH, content=endless())) == (413, "too-large")
    assert await door.published() == []


async def test_gzip_is_read_and_a_bomb_is_not(door: Door) -> None:
    roll = gzip.compress(json.dumps({"marks": [MARK]}).encode())
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert (await door.send("POST", PATH, content=roll, headers=packed)).status_code == 202
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < 1024 * 1024
    assert kind(await door.send("POST", PATH, content=bomb, headers=packed)) == (413, "too-large")
    assert kind(await door.send("POST", PATH, content=roll[:-5], headers=packed)) == (400, "damaged-gzip")
    assert kind(await door.send("POST", PATH, content=b"plain", headers=packed)) == (400, "damaged-gzip")
    assert kind(await door.send("POST", PATH, content=roll, headers=packed | {"Content-Encoding": "br"})) == (415, "unsupported-encoding")
    assert kind(await door.send("POST", PATH, content=b"<a/>", headers={"Content-Type": "text/xml"})) == (415, "unsupported-media-type")


async def test_a_batch_keeps_its_good_marks(door: Door) -> None:
    bad = [MARK | {"code": "B"}, MARK | {"date": "2026-10-17"}, MARK | {"extra": 1}, MARK | {"recorded_at": "2026-11-20T02:05:01Z"}]
    answer = await door.post(bad[0], MARK, bad[1], bad[2], MARK | {"session": "PM"}, bad[3])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [(item["index"], item["reason"]) for item in answer.json()["rejected"]] == [
        (0, "unknown-code"),
        (2, "closed-day"),
        (3, "bad-field"),
        (5, "bad-field"),
    ]
    (message,) = await door.published()
    assert message.value is not None
    event = json.loads(message.value)
    assert event["marks"] == [MARK, MARK | {"session": "PM"}]
    assert (event["school"], event["source"]) == ("0999", "rest")


async def test_nothing_accepted_lists_the_reasons(door: Door) -> None:
    answer = await door.post(MARK | {"code": "B"})
    assert kind(answer) == (422, "nothing-accepted")
    assert answer.json()["accepted"] == 0
    assert [item["reason"] for item in answer.json()["rejected"]] == ["unknown-code"]
    assert await door.published() == []


async def test_ndjson_takes_a_mark_a_line(door: Door) -> None:
    lines = [json.dumps(MARK | {"student": str(number)}) for number in range(1200)] + ["", "not json", json.dumps(MARK)]
    answer = await door.send("POST", PATH, content="\n".join(lines), headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1201
    assert [(item["index"], item["reason"]) for item in answer.json()["rejected"]] == [(1200, "bad-field")]
    sizes = [len(json.loads(message.value or b"")["marks"]) for message in await door.published()]
    assert sizes == [500, 500, 201]


async def test_a_calendar_that_was_just_changed_holds_at_once(door: Door) -> None:
    assert (await door.post(MARK | {"date": "2026-10-05", "recorded_at": "2026-10-05T09:00:00+13:00"})).status_code == 422
    earlier = {"name": "Example Kura", "terms": [{"term": "2026-T4", "start": "2026-10-05", "end": "2026-12-18"}]}
    (await door.send("PUT", "/v1/schools/0999", json=earlier)).raise_for_status()
    assert (await door.post(MARK | {"date": "2026-10-05", "recorded_at": "2026-10-05T09:00:00+13:00"})).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"terms": []},
        {"terms": [{"term": "T4", "start": "2026-10-12", "end": "2026-12-18"}]},
        {"terms": [{"term": "2026-T4", "start": "2026-12-18", "end": "2026-10-12"}]},
        {"terms": [{"term": "2025-T4", "start": "2026-10-12", "end": "2026-12-18"}]},
        {
            "terms": [
                {"term": "2026-T3", "start": "2026-07-20", "end": "2026-10-12"},
                {"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"},
            ]
        },
        {"timezone": "Pacific/Atlantis"},
        {"slots": [{"slot": 1, "name": "One", "minutes": 0}]},
        {"slots": [{"slot": 1, "name": "One", "minutes": 60}, {"slot": 1, "name": "Two", "minutes": 60}]},
        {"holidays": []},
        {"region": "Atlantis"},
        {"timetables": [{"from": "2026-10-12", "slots": []}, {"from": "2026-10-12", "slots": []}]},
        {"code_classes": {"M": "unjustified"}},
        {"name": ""},
    ],
)
async def test_schools_that_make_no_sense(door: Door, change: dict[str, Any]) -> None:
    assert kind(await door.send("PUT", "/v1/schools/0999", json=SCHOOL | change)) == (422, "invalid-request")


async def test_a_school_comes_back_as_it_is_stored(door: Door) -> None:
    answer = await door.send("PUT", "/v1/schools/189", token=door.token(schools="0189"), json=SCHOOL)
    assert answer.status_code == 200
    assert answer.json() == {
        "school": "0189",
        "name": "Example Kura",
        "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}],
        "closed_days": [],
        "half_days": [],
        "open_days": [],
        "region": None,
        "slots": [],
        "slots_from": None,
        "day_slots": [],
        "timetables": [],
        "past_timetables": [],
        "past_terms": [],
        "blanks_are_truant": False,
        "count_carried_absences": False,
        "code_classes": {},
        "contact_email": None,
        "phone": None,
        "contact_name": None,
        "postal_address": None,
        "website": None,
        "deans": [],
        "staff": None,
        "timezone": "Pacific/Auckland",
    }


async def test_students_one_by_one(door: Door) -> None:
    good = {"student": "1", "given_name": "Made", "family_name": "Up"}
    students = [good, good | {"student": 2}, good | {"student": "3", "mother": "x"}, good, good | {"student": "4", "nsn": "12 34"}]
    students.append(good | {"student": "5", "given_name": "Ma\x00de"})
    answer = await door.send("PUT", "/v1/schools/0999/students", json={"students": students})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [item["index"] for item in answer.json()["rejected"]] == [1, 2, 3, 4, 5]
    assert "12 34" not in answer.text
    assert kind(await door.send("PUT", "/v1/schools/0999/students", json={"students": []})) == (422, "invalid-request")
    assert kind(await door.send("PUT", "/v1/schools/0999/students", content=b"{", headers={"Content-Type": "application/json"})) == (
        400,
        "malformed-json",
    )


async def test_a_student_who_left_is_a_tombstone(door: Door) -> None:
    assert (await door.send("DELETE", "/v1/schools/0999/students/1")).status_code == 204
    (message,) = await door.relayed()
    assert message.value is None
