"""Changes that would move much are shown first, and no child's days reach another's family, in both set-ups."""

import time
from typing import Any

from tests.e2e.school import School, eventually
from tests.support.stack import Stack

STUDENTS = [str(number) for number in range(100, 105)]


def letters_to(stack: Stack, address: str) -> list[dict[str, Any]]:
    return [letter for letter in stack.mail() if address in letter["to"]]


def roster(school: School, *students: dict[str, Any]) -> None:
    school.request("PUT", "ingest", f"/v1/schools/{school.number}/students", json={"students": list(students)}).raise_for_status()


def child(school: School, student: str, name: str, family: str, nsn: str | None, address: str) -> dict[str, Any]:
    caregivers = [{"name": f"A {family}", "email": f"{address}-{school.number}@example.test"}]
    return {"student": student, "given_name": name, "family_name": family, "year_level": 9, "nsn": nsn, "caregivers": caregivers}


def test_a_calendar_that_moves_totals_is_shown_first(school: School) -> None:
    school.enrol(STUDENTS)
    for student in STUDENTS:
        school.absent(student, 10)
    eventually(school.totals, dict.fromkeys(STUDENTS, 10))
    path = f"/v1/schools/{school.number}"
    closed = school._sent | {"closed_days": [str(school.start)], "open_days": []}
    dry = school.request("PUT", "ingest", f"{path}?dry_run=true", json=closed)
    effect = dry.json()["effect"]
    assert (dry.status_code, effect["totals_changed"], effect["crossings_down"]) == (200, 5, 5), dry.text
    refused = school.request("PUT", "ingest", path, json=closed)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:nz-star:problem:confirm-change")
    assert refused.json()["effect"] == effect
    assert school.totals() == dict.fromkeys(STUDENTS, 10)
    made = school.request("PUT", "ingest", f"{path}?confirm={refused.json()['confirm']}", json=closed)
    assert made.status_code == 200, made.text
    eventually(lambda: max(school.totals().values()) < 10, True)


def test_a_key_that_goes_to_another_child_takes_no_letter_along(school: School, stack: Stack) -> None:
    school.enrol(["9"])
    roster(school, child(school, "12345", "Aroha", "Ngata", "111", "kim"))
    school.absent("12345", 10)
    eventually(lambda: len(letters_to(stack, f"kim-{school.number}@example.test")), 1)
    roster(school, child(school, "12345", "Niko", "Fifita", "222", "lee"))
    eventually(lambda: school.attendance("12345")["name"], "Niko Fifita")
    time.sleep(1)
    school.absent("12345", 9, first=11)
    eventually(lambda: school.total("12345"), 9)
    assert school.attendance("12345")["student"] == "12345"
    earlier = school.attendance("12345~1")
    assert (earlier["absent_half_days"], earlier["name"], earlier["student"]) == (10, None, "12345~1")
    school.absent("12345", 1, first=20)
    eventually(lambda: len(letters_to(stack, f"lee-{school.number}@example.test")), 1)
    (letter,) = letters_to(stack, f"lee-{school.number}@example.test")
    assert "Aroha" not in letter["text"]
    assert len(letters_to(stack, f"kim-{school.number}@example.test")) == 1
    # Lists by the key are of the child who has it.
    ids = {key: school.attendance(key)["student_id"] for key in ("12345", "12345~1")}
    assert len(set(ids.values())) == 2
    for key, child_of_key in ids.items():
        letters = school.get("notifier", f"/v1/schools/{school.number}/deliveries", student=key)["items"]
        records = school.records(student=key)
        assert letters and records
        assert {(item["student"], item["student_id"]) for item in [*letters, *records]} == {(key, child_of_key)}


def test_two_keys_of_one_child_have_one_total_and_no_second_letter(school: School, stack: Stack) -> None:
    school.enrol(["9"])
    address = f"pat-{school.number}@example.test"
    roster(school, child(school, "1", "Aroha", "Ngata", "333", "pat"), child(school, "2", "Āroha", "Ngāta", None, "pat"))
    school.absent("2", 11)
    school.absent("1", 8, first=11)
    eventually(lambda: len(letters_to(stack, address)), 1)
    questions = f"/v1/schools/{school.number}/identity-questions"
    (question,) = school.get("ingest", questions)["items"]
    answer = school.request("POST", "ingest", f"{questions}/{question['id']}", json={"decision": "same-child"})
    assert answer.status_code == 204, answer.text
    eventually(lambda: school.total("1"), 19)
    eventually(
        lambda: [(record["student"], record["status"]) for record in school.records() if record["status"] != "withdrawn"], [("1", "open")]
    )
    # Under either key.
    assert school.total("2") == 19
    time.sleep(3)
    assert len(letters_to(stack, address)) == 1
    school.absent("2", 1, first=19)
    eventually(lambda: len(letters_to(stack, address)), 2)
    school.request("DELETE", "ingest", f"/v1/schools/{school.number}/merged-students/2").raise_for_status()
    eventually(lambda: (school.total("1"), school.total("2")), (8, 12))
    time.sleep(3)
    assert len(letters_to(stack, address)) == 2
