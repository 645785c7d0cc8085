"""Who is this? Keys that go to another child, and children with two keys, from the door to the register."""

import json
import time
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from shared.clock import Clock
from shared.identifiers import student_id
from tests.integration.ingest.conftest import NOW, Door
from tests.support.polling import eventually

KIM = {"name": "Kim Example", "email": "kim@example.nz"}
LEE = {"name": "Lee Sample", "email": "lee@example.nz"}
AROHA = {"student": "12345", "given_name": "Aroha", "family_name": "Ngata", "year_level": 9, "nsn": "111", "caregivers": [KIM]}
NIKO = {"student": "12345", "given_name": "Niko", "family_name": "Fifita", "year_level": 9, "nsn": "222", "caregivers": [LEE]}
SECOND = "12345~2"
QUESTIONS = "/v1/schools/0999/identity-questions"
MERGED = "/v1/schools/0999/merged-students"


@pytest.fixture
def clock() -> Clock:
    """A clock that goes: the moment at which a mark is received says whose it is."""
    started = time.monotonic()
    return lambda: NOW + timedelta(seconds=time.monotonic() - started)


async def send(door: Door, *students: dict[str, Any], query: str = "") -> httpx.Response:
    answer = await door.send("PUT", f"/v1/schools/0999/students{query}", json={"students": list(students)})
    answer.raise_for_status()
    return answer


async def absent(door: Door, student: str, *days: int) -> None:
    """A day absent for each of these days of October."""
    marks = [
        {"student": student, "date": f"2026-10-{day}", "session": session, "code": "M", "recorded_at": NOW.isoformat()}
        for day in days
        for session in ("AM", "PM")
    ]
    (await door.post(*marks)).raise_for_status()


async def rows(door: Door, query: str) -> list[Any]:
    connection = await asyncpg.connect(door.settings.database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def totals(door: Door) -> dict[str, int]:
    return dict(await rows(door, "SELECT student, absent_half_days FROM thresholds.register ORDER BY student"))


async def names(door: Door) -> dict[str, str]:
    """The students whom thresholds knows by name."""
    return dict(await rows(door, "SELECT student, given_name FROM thresholds.students ORDER BY student"))


async def newest(door: Door, student: str) -> dict[str, Any] | None:
    """The newest word about a child on the topic."""
    key = str(student_id("0999", student)).encode()
    values = [message.value for message in await door.published("star.students.v1") if message.key == key]
    found: dict[str, Any] | None = json.loads(values[-1]) if values and values[-1] else None
    return found


async def questions(door: Door, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await door.send("GET", QUESTIONS + query)).raise_for_status().json()["items"]
    return items


async def decide(door: Door, question: dict[str, Any], decision: str, **fields: Any) -> httpx.Response:
    return await door.send("POST", f"{QUESTIONS}/{question['id']}", json={"decision": decision} | fields)


async def test_a_key_that_comes_with_another_child(judged: Door) -> None:
    door = judged
    await send(door, AROHA)
    await absent(door, "12345", 12, 13, 14, 15, 16, 19)
    await eventually(lambda: totals(door), {"12345": 12})
    await send(door, NIKO)
    await absent(door, "12345", 20)
    # Each child's days are their own, and the earlier child is off the roll.
    await eventually(lambda: totals(door), {"12345": 12, SECOND: 2})
    await eventually(lambda: names(door), {SECOND: "Niko"})
    assert await newest(door, "12345") is None
    niko = await newest(door, SECOND)
    assert niko is not None
    assert ([person["email"] for person in niko["caregivers"]], niko["key"]) == (["lee@example.nz"], "12345")
    (question,) = await questions(door)
    assert (question["kind"], question["why"]) == ("key-reused", "nsn")
    assert [(child["student"], child["key"], child["name"]) for child in question["children"]] == [
        ("12345", "12345", "Aroha Ngata"),
        (SECOND, "12345", "Niko Fifita"),
    ]
    # What waits for a decision has no address of the family that has left.
    assert "kim@example.nz" not in str(await rows(door, "SELECT CAST(earlier AS text) FROM ingest.identity_questions"))
    # Sent again, it is the same child; a caregiver who is left out is the newer child's own.
    await send(door, {"student": "12345", "given_name": "Niko", "family_name": "Fifita"})
    assert len(await questions(door)) == 1
    again = await newest(door, SECOND)
    assert again is not None
    assert [person["email"] for person in again["caregivers"]] == ["lee@example.nz"]
    assert (await decide(door, question, "another-child")).status_code == 204
    assert await questions(door) == []
    (answered,) = await questions(door, "?answered=true")
    assert (answered["answer"], answered["answered_by"], answered["children"][0]["name"]) == ("another-child", "tests", None)
    assert (await decide(door, question, "same-child")).status_code == 409


async def test_the_same_child_after_all_has_one_total(judged: Door) -> None:
    door = judged
    await send(door, AROHA)
    await absent(door, "12345", 12, 13, 14, 15)
    await send(door, NIKO)
    await absent(door, "12345", 19, 20)
    await eventually(lambda: totals(door), {"12345": 8, SECOND: 4})
    (question,) = await questions(door)
    assert (await decide(door, question, "same-child")).status_code == 204
    await eventually(lambda: totals(door), {"12345": 12})
    await eventually(lambda: names(door), {"12345": "Niko"})
    assert await newest(door, SECOND) is None
    # Marks and rosters of the key go on being that child's.
    await send(door, NIKO | {"given_name": "Nikolasi"})
    await absent(door, "12345", 21)
    await eventually(lambda: totals(door), {"12345": 14})
    await eventually(lambda: names(door), {"12345": "Nikolasi"})
    # And another child all the same: taken apart again.
    (merged,) = (await door.send("GET", MERGED)).json()["items"]
    assert (merged["student"], merged["into"], merged["merged_by"]) == (SECOND, "12345", "tests")
    assert (await door.send("DELETE", f"{MERGED}/{SECOND}")).status_code == 204
    await eventually(lambda: totals(door), {"12345": 8, SECOND: 6})
    await eventually(lambda: names(door), {SECOND: "Nikolasi"})


async def test_a_third_child_and_the_first_again(judged: Door) -> None:
    door = judged
    for number, child in enumerate((AROHA, NIKO, AROHA | {"given_name": "Wiremu", "family_name": "Paki", "nsn": "333", "caregivers": []})):
        await send(door, child)
        await absent(door, "12345", 12 + number)
    await eventually(lambda: totals(door), {"12345": 2, SECOND: 2, "12345~3": 2})
    assert [question["children"][1]["student"] for question in await questions(door)] == ["12345~3", SECOND]


async def test_a_key_that_comes_back_to_its_first_child_and_keys_that_change_places(judged: Door) -> None:
    door = judged
    leo = {"student": "777", "given_name": "Leo", "family_name": "Paki", "year_level": 9, "nsn": "333", "caregivers": []}
    await send(door, AROHA, leo)
    await absent(door, "12345", 12, 13, 14)
    await absent(door, "777", 12)
    await eventually(lambda: totals(door), {"12345": 6, "777": 2})
    # A wrong file, and the right one after it.
    await send(door, NIKO)
    await send(door, AROHA)
    await absent(door, "12345", 15)
    await eventually(lambda: totals(door), {"12345": 6, "12345~3": 2, "777": 2})
    question = (await questions(door))[0]
    assert (question["kind"], [child["student"] for child in question["children"]]) == ("two-keys", ["12345", "12345~3"])
    assert (await decide(door, question, "same-child")).status_code == 204
    await eventually(lambda: totals(door), {"12345": 8, "777": 2})
    await absent(door, "12345", 16)
    await eventually(lambda: totals(door), {"12345": 10, "777": 2})
    # Two keys change places.
    await send(door, AROHA | {"student": "777"})
    await send(door, leo | {"student": "12345"})
    for question in [item for item in await questions(door) if item["kind"] == "two-keys"]:
        assert (await decide(door, question, "same-child")).status_code == 204
    await absent(door, "777", 19)
    await absent(door, "12345", 20)
    await eventually(lambda: totals(door), {"12345": 12, "777": 4})
    await eventually(lambda: names(door), {"12345": "Aroha", "777": "Leo"})
    assert [item for item in await questions(door) if item["kind"] == "two-keys"] == []


async def test_one_child_under_two_keys(judged: Door) -> None:
    door = judged
    twice = AROHA | {"student": "777", "given_name": "Āroha", "nsn": None}
    twin = AROHA | {"student": "888", "given_name": "Hine", "nsn": "999"}
    await send(door, AROHA, twice, twin)
    await absent(door, "12345", 12, 13, 14, 15)
    await absent(door, "777", 16, 19)
    await absent(door, "888", 12)
    (question,) = await questions(door)
    assert (question["kind"], question["why"], [child["student"] for child in question["children"]]) == (
        "two-keys",
        "name-year-caregiver",
        ["12345", "777"],
    )
    assert (await decide(door, question, "same-child")).status_code == 204
    await eventually(lambda: totals(door), {"12345": 12, "888": 2})
    assert await questions(door) == []
    assert await newest(door, "777") is None
    # The system goes on sending both.
    await send(door, AROHA, twice)
    assert await newest(door, "777") is None
    await absent(door, "777", 20)
    await eventually(lambda: totals(door), {"12345": 14, "888": 2})
    # The school takes the first key off: the child is still there.
    (await door.send("DELETE", "/v1/schools/0999/students/12345")).raise_for_status()
    child = await newest(door, "12345")
    assert (child and child["given_name"], child and child["other_keys"]) == ("Āroha", ["777"])
    await send(door, twice | {"family_name": "Ngata-Paki"})
    child = await newest(door, "12345")
    assert child and child["family_name"] == "Ngata-Paki"
    assert (await door.send("DELETE", f"{MERGED}/777")).status_code == 204
    await eventually(lambda: totals(door), {"12345": 8, "777": 6, "888": 2})


async def listed_elsewhere(door: Door, student: str) -> list[str | None] | None:
    child = await newest(door, student)
    return None if child is None else [person["status"] for person in child.get("other_caregivers", [])]


async def test_what_stands_under_the_other_key_about_caregivers_is_published_with_the_child(judged: Door) -> None:
    door = judged
    twice = AROHA | {"student": "777", "nsn": None, "caregivers": [KIM | {"status": "No contact"}]}
    await send(door, AROHA, twice)
    (question,) = await questions(door)
    assert (await decide(door, question, "same-child")).status_code == 204
    await eventually(lambda: listed_elsewhere(door, "12345"), ["No contact"])
    # Each key is sent alone: the newest of both counts.
    await send(door, AROHA)
    await eventually(lambda: listed_elsewhere(door, "12345"), ["No contact"])
    await send(door, twice | {"caregivers": [KIM | {"status": "Court order"}, LEE | {"status": "Former"}]})
    await eventually(lambda: listed_elsewhere(door, "12345"), ["Court order", "Former"])
    # Off the roster it says nothing more; taken apart neither.
    (await door.send("DELETE", "/v1/schools/0999/students/777")).raise_for_status()
    await eventually(lambda: listed_elsewhere(door, "12345"), [])
    await send(door, twice)
    await eventually(lambda: listed_elsewhere(door, "12345"), ["No contact"])
    assert (await door.send("DELETE", f"{MERGED}/777")).status_code == 204
    await eventually(lambda: listed_elsewhere(door, "12345"), [])


async def test_two_children_of_one_name_are_not_asked_about_again(door: Door) -> None:
    await send(door, AROHA, AROHA | {"student": "777", "nsn": None})
    (question,) = await questions(door)
    assert (await decide(door, question, "another-child")).status_code == 204
    await send(door, AROHA)
    assert await questions(door) == []
    assert [item["kind"] for item in await questions(door, "?answered=true")] == ["two-keys"]


async def test_merges_by_hand_and_what_is_refused(door: Door) -> None:
    await send(door, AROHA, NIKO | {"student": "2"}, NIKO | {"student": "3", "nsn": "333"})
    assert (await door.send("POST", MERGED, json={"student": "2", "into": "nobody"})).status_code == 404
    assert (await door.send("POST", MERGED, json={"student": "2", "into": "2"})).status_code == 404
    assert (await door.send("POST", MERGED, json={"student": "3", "into": "2"})).status_code == 204
    for pair in (("3", "12345"), ("2", "12345"), ("12345", "3")):
        assert (await door.send("POST", MERGED, json=dict(zip(("student", "into"), pair, strict=True)))).status_code == 409
    assert (await door.send("DELETE", f"{MERGED}/2")).status_code == 404
    assert (await door.send("DELETE", f"{MERGED}/3")).status_code == 204


async def test_many_keys_with_other_children_are_shown_first(door: Door) -> None:
    everybody = [AROHA | {"student": str(number), "nsn": str(100 + number)} for number in range(8)]
    await send(door, *everybody)
    others = [NIKO | {"student": str(number), "nsn": str(200 + number)} for number in range(3)]
    refused = await door.send("PUT", "/v1/schools/0999/students", json={"students": others})
    assert (refused.status_code, refused.json()["effect"]["students_off"]) == (409, 3)
    assert not [item for item in await questions(door) if item["kind"] == "key-reused"]
    await send(door, *others, query=f"?confirm={refused.json()['confirm']}")
    assert len([item for item in await questions(door) if item["kind"] == "key-reused"]) == 3


async def test_a_whole_roster_knows_the_child_by_the_key(door: Door) -> None:
    others = [AROHA | {"student": str(number), "nsn": str(100 + number), "given_name": f"Child {number}"} for number in range(8)]
    await send(door, AROHA, *others)
    await send(door, NIKO)
    await send(door, NIKO, *others, query="?full=true")
    assert (SECOND,) in await rows(door, "SELECT student FROM ingest.students")
    (await door.send("DELETE", "/v1/schools/0999/students/12345")).raise_for_status()
    assert (SECOND,) not in await rows(door, "SELECT student FROM ingest.students")


async def test_another_schools_question_is_not_there(door: Door) -> None:
    await send(door, AROHA)
    await send(door, NIKO)
    (question,) = await questions(door)
    token = door.token(schools="0189")
    answer = await door.send("POST", f"/v1/schools/0189/identity-questions/{question['id']}", token=token, json={"decision": "same-child"})
    assert answer.status_code == 404


async def test_an_erasure_is_of_the_child_who_is_named(door: Door) -> None:
    """The first child of a key is erased by that child's name; the key alone names the child who has it now."""
    await send(door, AROHA)
    await send(door, NIKO)
    path = "/v1/schools/0999/students/{}/erasure"
    first = await door.send("POST", path.format("12345~1"), json={"why": "the family asked"})
    assert (first.status_code, first.json()["student"]) == (202, "12345")
    assert await rows(door, "SELECT student FROM ingest.students") == [(SECOND,)]
    assert await rows(door, "SELECT earlier FROM ingest.identity_questions") == [(None,)]
    present = await door.send("POST", path.format("12345"), json={"why": "the family asked"})
    assert (present.status_code, present.json()["student"]) == (202, SECOND)
    assert await rows(door, "SELECT student FROM ingest.students") == []


async def test_the_log_names_children_as_their_school_does(door: Door) -> None:
    await send(door, AROHA)
    await send(door, NIKO)
    lines = (await door.send("GET", "/v1/schools/0999/audit?student=12345&action=change-students", token=door.token("star:read"))).json()
    assert [line["students"] for line in lines["items"]] == [["12345"]]
    first = (await door.send("GET", "/v1/schools/0999/audit?student=12345~1&action=change-students", token=door.token("star:read"))).json()
    assert [line["students"] for line in first["items"]] == [["12345~1"]]
