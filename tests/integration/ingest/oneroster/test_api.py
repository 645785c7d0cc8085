"""Rosters as zips through the imports endpoint: what is taken, what stays, who has left, and what is refused whole."""

import json
from typing import Any

import httpx
import pytest

from tests.integration.ingest.conftest import Door
from tests.integration.ingest.marks.test_refusals import kind
from tests.support.oneroster import tables, zipped

PATH = "/v1/schools/0999/imports"
STUDENTS = "/v1/schools/0999/students"


async def send(door: Door, files: dict[str, str | bytes] | bytes, **query: str) -> httpx.Response:
    body = files if isinstance(files, bytes) else zipped(files)
    return await door.send("POST", PATH, content=body, params=query, headers={"Content-Type": "application/zip"})


async def known(door: Door) -> dict[str, dict[str, Any] | None]:
    """The students as they were published last, by key; None for those who have left."""
    latest: dict[bytes, bytes | None] = {}
    keys: dict[bytes, str] = {}
    for message in await door.relayed():
        latest[message.key] = message.value
        if message.value:
            keys[message.key] = json.loads(message.value)["student"]
    return {keys[key]: json.loads(value) if value else None for key, value in latest.items()}


def delta(**changes: str) -> dict[str, str | bytes]:
    files = tables()
    users = str(files["users.csv"])
    for old, new in changes.items():
        users = users.replace(f"{old},,", f"{old},{new}")
    return files | {"manifest.csv": str(files["manifest.csv"]).replace("bulk", "delta"), "users.csv": users}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_a_whole_roster(door: Door, version: str) -> None:
    answer = await send(door, tables(version))
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert {name: report[name] for name in ("kind", "version", "full", "rows", "accepted", "refused", "students", "caregivers")} == {
        "kind": "oneroster",
        "version": version,
        "full": True,
        "rows": 2,
        "accepted": 2,
        "refused": {},
        "students": 2,
        "caregivers": 3,
    }
    students = await known(door)
    ada = students["12345"]
    assert ada is not None
    assert (ada["given_name"], ada["year_level"], ada["groups"], ada["nsn"]) == ("Ada", 9, ["9A"], "0123456789")
    assert [(person["email"], person["notify"]) for person in ada["caregivers"]] == [
        ("kim@example.org", True),
        ("lee@example.org", True),
        ("nan@example.org", False),
    ]


async def test_a_dry_run_keeps_nothing_and_says_what_it_would_do(door: Door) -> None:
    answer = await send(door, tables(), dry_run="true")
    assert (answer.status_code, answer.json()["accepted"], answer.json()["dry_run"]) == (200, 2, True)
    assert await known(door) == {}


async def test_what_the_format_can_t_say_stays(door: Door) -> None:
    await door.send(
        "PUT",
        STUDENTS,
        json={
            "students": [
                {
                    "student": "u2",
                    "given_name": "Bo",
                    "family_name": "Sample",
                    "year_level": 10,
                    "nsn": "987654321",
                    "groups": ["10B"],
                    "attends": {"mon": ["AM"]},
                },
                {
                    "student": "12345",
                    "given_name": "Ada",
                    "family_name": "Example",
                    "year_level": 9,
                    "caregivers": [{"name": "Kim Example", "email": "kim@example.org", "status": "No contact", "role": "Mother"}],
                },
            ]
        },
    )
    files = tables()
    del files["enrollments.csv"]
    assert (await send(door, files)).status_code == 200
    students = await known(door)
    bo, ada = students["u2"], students["12345"]
    assert bo is not None and ada is not None
    assert (bo["year_level"], bo["nsn"], bo["groups"], bo["attends"]) == (10, "0987654321", ["10B"], {"mon": ["AM"]})
    kim = next(person for person in ada["caregivers"] if person["name"] == "Kim Example")
    assert (kim["status"], kim["role"], kim["phone"]) == ("No contact", "Mother", "021 000 001")


async def test_students_whom_a_whole_roster_leaves_out_have_left_once_that_is_confirmed(judged: Door) -> None:
    gone = {f"7{number:02}" for number in range(40)}
    students = [{"student": key, "given_name": f"Cy{key}", "family_name": "Gone"} for key in sorted(gone)]
    await judged.send("PUT", STUDENTS, json={"students": students})
    shown = await send(judged, tables())
    assert kind(shown) == (409, "confirm-change")
    assert shown.json()["effect"]["students_off"] == 40
    answer = await send(judged, tables(), confirm=shown.json()["confirm"])
    assert (answer.status_code, answer.json()["effect"]["students_off"]) == (200, 40)
    assert {key for key, student in (await known(judged)).items() if student is None} == gone


async def test_a_delta_leaves_the_others_and_lets_go_of_those_it_names(judged: Door) -> None:
    await send(judged, tables())
    await judged.send("PUT", STUDENTS, json={"students": [{"student": "777", "given_name": "Cy", "family_name": "Stays"}]})
    answer = await send(judged, delta(u1="active,2026-11-01T00:00:00Z", u2="tobedeleted,2026-11-01T00:00:00Z"))
    assert (answer.status_code, answer.json()["full"], answer.json()["left"]) == (200, False, 1)
    students = await known(judged)
    assert {key: student is not None for key, student in students.items()} == {"12345": True, "u2": False, "777": True}


async def test_a_whole_roster_with_a_student_who_can_t_be_taken_is_refused_whole(door: Door) -> None:
    files = tables()
    files["users.csv"] = str(files["users.csv"]).replace(",12345,", ",1.2E+11,")
    shown = await send(door, files, dry_run="true")
    assert (shown.status_code, shown.json()["refusals"][0]["line"]) == (200, 2)
    answer = await send(door, files)
    assert kind(answer) == (422, "incomplete-roster")
    assert answer.json()["report"]["refused"] == {"bad-field": 1}
    assert await known(door) == {}


async def test_terms_that_differ_are_told_and_stay(door: Door) -> None:
    files = tables()
    files["academicSessions.csv"] = str(files["academicSessions.csv"]).replace("2026-12-18", "2026-12-16")
    note = next(note for note in (await send(door, files)).json()["notes"] if note["about"] == "sessions-differ")
    assert "2026-T4 is 2026-10-12 to 2026-12-18 here, 2026-10-12 to 2026-12-16 in the file" in note["detail"]
    assert (await door.send("GET", "/v1/schools/0999")).json()["terms"][0]["end"] == "2026-12-18"


@pytest.mark.parametrize(
    ("files", "query", "expected"),
    [
        (b"Student,Date\n", {}, (422, "unreadable-oneroster")),
        (tables() | {"orgs.csv": "sourcedId,type,identifier\norg-1,school,0189\n"}, {}, (422, "other-school")),
        (tables(), {"kind": "marks"}, (422, "invalid-request")),
        (tables(), {"map": "identifier=student"}, (422, "invalid-request")),
    ],
)
async def test_zips_that_are_not_taken(
    door: Door, files: dict[str, str | bytes] | bytes, query: dict[str, str], expected: tuple[int, str]
) -> None:
    assert kind(await send(door, files, **query)) == expected
    assert await known(door) == {}


async def test_rights_and_places(door: Door) -> None:
    headers = {"Content-Type": "application/zip"}
    body = zipped(tables())
    answer = await door.send("POST", PATH, content=body, headers=headers, token=door.token("marks:write"))
    assert kind(answer) == (403, "missing-scope")
    answer = await door.send("POST", "/v1/schools/0189/imports", content=body, headers=headers, token=door.token(schools="*"))
    assert kind(answer) == (404, "unknown-school")
    answer = await door.send("POST", f"{PATH}?kind=oneroster", content="a,b\n", headers={"Content-Type": "text/csv"})
    assert kind(answer) == (422, "invalid-request")
