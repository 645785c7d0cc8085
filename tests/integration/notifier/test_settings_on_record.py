"""A change of what decides about letters leaves a line in the audit log: it names the fields, not what was in them."""

from typing import Any

from msgspec.structs import replace as changed

from shared.identifiers import student_id
from tests.integration.notifier.conftest import MERE, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT

HOME = f"/v1/schools/{SCHOOL}"


async def change(visitor: Visitor, method: str, path: str, body: Any = None) -> None:
    answer = await visitor.http.request(method, HOME + path, json=body, headers=visitor.headers("star:write"))
    assert answer.is_success, answer.text


async def lines(desk: Desk) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await desk.rows("SELECT action, subject, fields, filters FROM audit ORDER BY id")]


async def test_a_letter_policy(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await visitor.policy(daily_cap=7, recipients="first")
    await visitor.policy(daily_cap=8, recipients="first")
    assert await lines(desk) == [
        ("change-letter-policy", "test", ["daily_cap", "recipients"], {}),
        ("change-letter-policy", "test", ["daily_cap"], {}),
    ]


async def test_a_decision_about_caregivers_names_the_students(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(changed(MERE, status="Purple")), desk.joined(MERE, student="2")])
    await change(visitor, "PUT", "/caregiver-statuses", {"text": "PURPLE", "decision": "write"})
    await change(visitor, "PUT", "/caregiver-statuses", {"text": "purple", "decision": None})
    assert await lines(desk) == [("decide-caregiver-status", "test", ["decision"], {})] * 2
    assert await desk.rows("SELECT DISTINCT student_ids FROM audit") == [([student_id(SCHOOL, STUDENT)],)]
    assert "urple" not in str(await desk.rows("SELECT * FROM audit"))


async def test_a_template(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    words = {"subject": "{{ child }}", "body": "Kia ora {{ greeting }}, {{ days }}.", "language": "en"}
    # The words that are in force already change nothing.
    for body in (words, words, words | {"subject": "School"}):
        await change(visitor, "PUT", "/templates/5", body)
    await change(visitor, "DELETE", "/templates/5")
    await change(visitor, "POST", "/templates/5/restore", {"version": 1})
    of_template = {"threshold": 5, "language": "en"}
    fields = [["body", "subject"], ["subject"], ["body", "subject"], ["body", "subject"]]
    assert await lines(desk) == [("change-template", "test", names, of_template) for names in fields]


async def test_a_refused_change_has_no_line_of_a_change(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    answer = await visitor.http.put(f"{HOME}/templates/5", json={"subject": "{{ no }}", "body": "x"}, headers=visitor.headers("star:write"))
    assert answer.status_code == 422
    assert await lines(desk) == []
