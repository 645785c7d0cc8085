"""Every operation that shows or changes a student leaves a line in its service's audit log; so does a refusal. No line has a value."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.notifier.replies.words import ENGLISH
from shared.db.engine import create_engine
from shared.identifiers import student_id
from tests.integration.apis.four_apis import Operation
from tests.integration.apis.test_ids import BODIES, IN_ORDER
from tests.integration.apis.world import CALENDAR, CONTACT, EVERYTHING, MEETING, OTHER, OWN, PLAN, STUDENT, World

STUDENT_BODIES: Final[Mapping[str, Any]] = BODIES | {
    "PUT /v1/schools/{school}/students": {"students": [{"student": STUDENT, "given_name": "Hemi", "family_name": "Example"}]},
    "POST /v1/schools/{school}/students/{student}/star-records": {"reason": "the family asked for help"},
    "PUT /v1/schools/{school}/students/{student}/hold": {"reason": "the family asked"},
    "POST /v1/schools/{school}/students/{student}/contacts": CONTACT,
    "POST /v1/schools/{school}/students/{student}/meetings": MEETING,
    "POST /v1/schools/{school}/students/{student}/support-plans": PLAN,
    "POST /v1/schools/{school}/students/{student}/erasure": {"why": "somebody asked"},
    "POST /v1/schools/{school}/uploads": {"week": "2026-W47"},
    "POST /v1/schools/{school}/templates/{threshold}/preview": {"student": STUDENT},
    "POST /v1/schools/{school}/letters/what-if": {"weeks": 12},
    "POST /v1/schools/{school}/star-settings/what-if": {"response_due_school_days": {"5": 90, "10": 90, "15": 90}, "weeks": 12},
    "POST /v1/schools/{school}/letters/waiting-release/release": {"letters": None},
    "POST /v1/schools/{school}/letters/waiting-release/discard": {"letters": None, "reason": "written by hand"},
}

ON_RECORD: Final[Mapping[str, str]] = {
    "PUT /v1/schools/{school}/students": "change-students",
    "DELETE /v1/schools/{school}/students/{student}": "remove-student",
    "POST /v1/schools/{school}/students/{student}/erasure": "erase-student",
    "GET /v1/schools/{school}/students/{student}/attendance": "read-attendance",
    "GET /v1/schools/{school}/students": "list-students",
    "GET /v1/schools/{school}/data-quality": "read-data-quality",
    "GET /v1/schools/{school}/analysis/students": "read-analysis",
    "GET /v1/schools/{school}/star-records": "list-records",
    "GET /v1/star-records/{record_id}": "read-record",
    "PATCH /v1/star-records/{record_id}": "change-record",
    "POST /v1/schools/{school}/students/{student}/star-records": "open-record",
    "POST /v1/star-records/{record_id}/responses": "record-response",
    "PATCH /v1/star-records/{record_id}/responses/{response_id}": "change-response",
    "DELETE /v1/star-records/{record_id}/responses/{response_id}": "withdraw-response",
    "GET /v1/star-records/{record_id}/history": "read-history",
    "GET /v1/schools/{school}/students/{student}/hold": "read-holds",
    "PUT /v1/schools/{school}/students/{student}/hold": "hold-letters",
    "DELETE /v1/schools/{school}/students/{student}/hold": "release-letters",
    "PUT /v1/star-records/{record_id}/hold": "hold-letters",
    "DELETE /v1/star-records/{record_id}/hold": "release-letters",
    "GET /v1/schools/{school}/students/{student}/contacts": "read-contacts",
    "POST /v1/schools/{school}/students/{student}/contacts": "record-contact",
    "DELETE /v1/schools/{school}/students/{student}/contacts/{contact_id}": "withdraw-contact",
    "GET /v1/schools/{school}/students/{student}/meetings": "read-meetings",
    "POST /v1/schools/{school}/students/{student}/meetings": "plan-meeting",
    "GET /v1/meetings/{meeting_id}": "read-meetings",
    "GET /v1/meetings/{meeting_id}.ics": "read-meetings",
    "GET /v1/meetings/{meeting_id}/versions": "read-meetings",
    "PATCH /v1/meetings/{meeting_id}": "change-meeting",
    "GET /v1/schools/{school}/students/{student}/support-plans": "read-support-plans",
    "POST /v1/schools/{school}/students/{student}/support-plans": "make-support-plan",
    "GET /v1/support-plans/{plan_id}": "read-support-plans",
    "GET /v1/support-plans/{plan_id}.pdf": "read-support-plans",
    "GET /v1/support-plans/{plan_id}/versions": "read-support-plans",
    "PATCH /v1/support-plans/{plan_id}": "change-support-plan",
    "POST /v1/support-plans/{plan_id}/reviews": "review-support-plan",
    "GET /v1/schools/{school}/students/{student}/replies": "read-replies",
    "PATCH /v1/replies/{reply_id}": "settle-reply",
    "GET /v1/schools/{school}/students/{student}/evidence": "read-evidence",
    "GET /v1/schools/{school}/students/{student}/evidence.pdf": "read-evidence",
    "GET /v1/schools/{school}/students/{student}/evidence.jose": "read-evidence",
    "GET /v1/schools/{school}/tables/student-terms": "read-table",
    "GET /v1/schools/{school}/tables/crossings": "read-table",
    "GET /v1/schools/{school}/tables/responses": "read-table",
    "GET /v1/schools/{school}/tables/letters": "read-table",
    "GET /v1/schools/{school}/students/{student}/transfer": "export-student",
    "GET /v1/schools/{school}/students/{student}/transfers": "read-transfers",
    "DELETE /v1/schools/{school}/students/{student}/transfers/{transfer_id}": "import-student",
    "GET /v1/schools/{school}/deliveries": "list-deliveries",
    "GET /v1/deliveries/{delivery}": "read-letter",
    "GET /v1/schools/{school}/students/{student}/caregivers": "read-caregivers",
    "GET /v1/schools/{school}/students/{student}/family": "read-caregivers",
    "POST /v1/deliveries/{delivery}/resend": "resend-letter",
    "GET /v1/schools/{school}/bad-addresses": "list-bad-addresses",
    "DELETE /v1/schools/{school}/bad-addresses/{address}": "clear-address",
    "POST /v1/schools/{school}/templates/{threshold}/preview": "preview-letter",
    "POST /v1/schools/{school}/letters/what-if": "rehearse-letters",
    "POST /v1/schools/{school}/star-settings/what-if": "list-records",
    "POST /v1/schools/{school}/uploads": "run-upload",
    "GET /v1/uploads/{upload}": "read-upload",
    "GET /v1/uploads/{upload}/diff": "read-upload",
    "GET /v1/uploads/{upload}/files/{name}": "read-upload",
    "POST /v1/uploads/{upload}/mark-sent": "mark-upload-sent",
}
"""The operations that name the world's student, with the action of the line."""

SETTINGS_ON_RECORD: Final[Mapping[str, tuple[str, Any]]] = {
    "PUT /v1/schools/{school}/letter-policy": ("change-letter-policy", {"daily_cap": 7}),
    "PUT /v1/schools/{school}/templates/{threshold}": ("change-template", {"subject": "{{ child }}", "body": "{{ days }}"}),
    "DELETE /v1/schools/{school}/templates/{threshold}": ("change-template", None),
    "POST /v1/schools/{school}/templates/{threshold}/restore": ("change-template", {"version": 1, "language": "en"}),
    "PUT /v1/schools/{school}/reply-words/{language}": ("change-reply-words", ENGLISH.model_dump()),
    "DELETE /v1/schools/{school}/reply-words/{language}": ("change-reply-words", None),
    "DELETE /v1/schools/{school}/subscriptions/{subscription_id}": ("cut-off-partner", None),
}
"""Changes of a school's letters and their readers, which name no student, with the action of the line and a body. Decisions about
caregivers have a test of their own: the world's caregivers have no statuses."""

ELSEWHERE: Final = {
    # Each service has it once its worker has applied it.
    "GET /v1/schools/{school}/students/{student}/erasure",
    # The world has no student in them; the action's own tests have.
    "GET /v1/schools/{school}/refusals",
    "GET /v1/schools/{school}/identity-questions",
    "POST /v1/schools/{school}/identity-questions/{question}",
    "GET /v1/schools/{school}/merged-students",
    "POST /v1/schools/{school}/merged-students",
    "DELETE /v1/schools/{school}/merged-students/{student}",
    "GET /v1/schools/{school}/held-changes",
    "POST /v1/schools/{school}/held-changes/{change_id}/release",
    "POST /v1/schools/{school}/held-changes/{change_id}/discard",
    "GET /v1/schools/{school}/analysis/patterns",
    "GET /v1/events",
    "POST /v1/schools/{school}/students/{student}/transfers",
    "POST /v1/deliveries/{delivery}/cancel",
    "POST /v1/deliveries/{delivery}/correct",
    # The world has no letter on paper; the printings' own tests have.
    "POST /v1/deliveries/{delivery}/returned",
    "GET /v1/schools/{school}/letters/waiting-release",
    "POST /v1/schools/{school}/letters/waiting-release/release",
    "POST /v1/schools/{school}/letters/waiting-release/discard",
    "GET /v1/schools/{school}/letters/{letter}/preview",
    "POST /v1/schools/{school}/letters/release",
    "POST /v1/schools/{school}/letters/discard",
    "GET /v1/schools/{school}/uploads/preview",
    # The world has no letter on paper; the printings' own tests have.
    "POST /v1/schools/{school}/printings",
    "GET /v1/printings/{printing_id}",
    "GET /v1/printings/{printing_id}.pdf",
    "POST /v1/printings/{printing_id}/posted",
    "DELETE /v1/printings/{printing_id}",
    # Items by the ids of their records; the line names the record that was asked for.
    "GET /v1/schools/{school}/upload-items",
    # Reading the log is an action of its own, and names the student only when the request did.
    "GET /v1/schools/{school}/audit",
    # Systems that hand data in see nothing; each mark says where it came from.
    "POST /v1/schools/{school}/marks",
    "POST /v1/schools/{school}/imports",
    "POST /v1/kamar",
    "POST /v1/bounces",
    # Nobody has answered a letter there.
    "GET /v1/schools/{school}/replies",
    # The world's student was absent, and no term is over.
    "GET /v1/schools/{school}/good-news",
    "GET /v1/schools/{school}/good-news/certificates.pdf",
    # Nothing waits there.
    "GET /v1/schools/{school}/work",
    # Its query names a day.
    "GET /v1/schools/{school}/students/{student}/attendance/what-if",
    # Its body names records.
    "POST /v1/schools/{school}/responses",
}

NO_STUDENT: Final = {
    "/v1/schools",
    "/v1/schools/{school}",
    "/v1/schools/{school}/audit/accounts",
    "/v1/schools/{school}/kamar-credentials",
    "/v1/schools/{school}/kamar-credentials/{username}",
    "/v1/schools/{school}/kamar-documents",
    "/v1/attendance-codes",
    "/v1/schools/{school}/summary",
    "/v1/summaries",
    "/v1/letters/summaries",
    "/v1/upload-summaries",
    "/v1/schools/{school}/recalculations",
    "/v1/schools/{school}/analysis",
    "/v1/schools/{school}/analysis/report",
    "/v1/schools/{school}/analysis/trend",
    "/v1/schools/{school}/activities",
    "/v1/schools/{school}/star-settings",
    "/v1/schools/{school}/staff",
    "/v1/schools/{school}/watch",
    "/v1/transfer-keys",
    "/v1/evidence/verify",
    "/v1/schools/{school}/plan",
    "/v1/schools/{school}/plan/checklist",
    "/v1/schools/{school}/plan/review",
    "/v1/schools/{school}/plan/versions",
    "/v1/schools/{school}/plan/versions/{version}",
    "/v1/schools/{school}/plan/versions/{version}/plan.pdf",
    "/v1/schools/{school}/plan/publish",
    "/v1/schools/{school}/plan/page",
    "/v1/schools/{school}/plan/plan.pdf",
    "/v1/parts",
    "/v1/operations",
    "/v1/backlog",
    "/v1/work-items",
    "/v1/dead-letters",
    "/v1/dead-letters/redrive",
    "/v1/dead-letters/discard",
    "/v1/dead-letters/{letter_id}",
    "/v1/dead-letters/{letter_id}/redrive",
    "/v1/dead-letters/{letter_id}/discard",
    "/v1/schools/{school}/letter-policy",
    "/v1/schools/{school}/letter-policy/versions",
    "/v1/schools/{school}/letter-policy/preview",
    "/v1/schools/{school}/notices",
    "/v1/schools/{school}/printings",
    "/v1/schools/{school}/printings/waiting",
    "/v1/schools/{school}/caregiver-statuses",
    "/v1/schools/{school}/letter-languages",
    "/v1/letter-variables",
    "/v1/schools/{school}/reply-words",
    "/v1/schools/{school}/reply-words/{language}",
    "/v1/schools/{school}/templates",
    "/v1/schools/{school}/templates/{threshold}",
    "/v1/schools/{school}/templates/{threshold}/versions",
    "/v1/schools/{school}/templates/{threshold}/restore",
    "/v1/schools/{school}/templates/{threshold}/test",
    "/v1/subscriptions",
    "/v1/subscriptions/{subscription_id}",
    "/v1/subscriptions/{subscription_id}/rotate",
    "/v1/subscriptions/{subscription_id}/attempts",
    "/v1/subscriptions/{subscription_id}/replay",
    "/v1/subscriptions/{subscription_id}/test",
    "/v1/schools/{school}/letters/summary",
    "/v1/schools/{school}/subscriptions",
    "/v1/schools/{school}/subscriptions/{subscription_id}",
    "/v1/schools/{school}/uploads",
    "/v1/schools/{school}/tables/uploads",
    "/v1/schools/{school}/upload-settings",
    "/v1/schools/{school}/uploads/pause",
    "/v1/schools/{school}/uploads/resume",
    "/v1/schools/{school}/upload-windows",
    "/v1/upload-format/schema.json",
    "/v1/uploads/{upload}/files",
    "/v1/uploads/{upload}/certificate",
    "/v1/upload-status",
}
"""Paths whose answers name no student."""

SECRETS: Final = ("Hemi", "Mere", "example.test", "the family asked", "Mr Example")


async def lines(world: World, service: str) -> list[dict[str, Any]]:
    """The log of a service, oldest first, as its table has it."""
    engine = create_engine(world.desk.settings.database_url, service.replace("-", "_"), pool_size=1)
    async with engine.connect() as connection:
        rows = [dict(row) for row in (await connection.execute(text("SELECT * FROM audit ORDER BY id"))).mappings()]
    await engine.dispose()
    return rows


async def ask(world: World, operation: Operation, headers: dict[str, str], school: str = OWN) -> httpx.Response:
    named = {"school": school} | world.ids[school]
    body = {"json": STUDENT_BODIES[operation.key]} if operation.key in STUDENT_BODIES else {}
    return await world.apis.send(operation, operation.at(**named), headers, **body)


def _turn(operation: Operation) -> tuple[bool, int]:
    # Nothing is sent again to a bad address.
    return operation.key == "POST /v1/deliveries/{delivery}/resend", IN_ORDER.index(operation.method)


async def test_every_operation_is_decided(world: World) -> None:
    undecided = [
        operation.key
        for operation in world.apis.of_api()
        if operation.key not in ON_RECORD and operation.key not in ELSEWHERE and operation.path not in NO_STUDENT
    ]
    assert undecided == []


async def test_every_look_and_every_change_is_a_line_of_its_service(world: World) -> None:
    own = world.apis.token(*EVERYTHING, subject=f"system-{OWN}")
    who: UUID = student_id(OWN, STUDENT)
    walked = [operation for operation in world.apis.of_api() if operation.key in ON_RECORD]
    for operation in sorted(walked, key=_turn):
        before = len(await lines(world, operation.service))
        answer = await ask(world, operation, own)
        assert answer.is_success, (operation.key, answer.text)
        new = (await lines(world, operation.service))[before:]
        assert [line["action"] for line in new] == [ON_RECORD[operation.key]], operation.key
        assert who in new[0]["student_ids"], operation.key
        assert (new[0]["school"], new[0]["subject"]) == (OWN, f"system-{OWN}")
        assert not [secret for secret in SECRETS if secret in json.dumps(new[0], default=str)], operation.key
    assert {operation.key for operation in walked} == set(ON_RECORD)


async def test_every_change_of_what_decides_about_letters_is_a_line(world: World) -> None:
    own = world.apis.token(*EVERYTHING, subject=f"system-{OWN}")
    operations = {operation.key: operation for operation in world.apis.operations}
    for key, (action, body) in SETTINGS_ON_RECORD.items():
        operation = operations[key]
        before = len(await lines(world, operation.service))
        named = {"school": OWN} | world.ids[OWN]
        answer = await world.apis.send(operation, operation.at(**named), own, **({} if body is None else {"json": body}))
        new = (await lines(world, operation.service))[before:]
        assert answer.is_success, (key, answer.text)
        assert [(line["action"], line["school"], line["subject"]) for line in new] == [(action, OWN, f"system-{OWN}")], key


async def test_a_refusal_is_a_line_in_the_log_of_the_school_that_was_asked_for(world: World) -> None:
    stranger = world.apis.token(*EVERYTHING, subject="stranger")
    tutor = world.apis.token(*EVERYTHING, subject="tutor", groups=["9Z"])
    asked = {
        ("GET /v1/star-records/{record_id}", OTHER, "stranger"): "unknown-record",
        ("GET /v1/schools/{school}/students/{student}/attendance", OTHER, "stranger"): "another-school",
        ("GET /v1/star-records/{record_id}", OWN, "tutor"): "unknown-record",
        ("GET /v1/schools/{school}/students/{student}/attendance", OWN, "tutor"): "part-of-a-school",
        ("GET /v1/deliveries/{delivery}", OTHER, "stranger"): "unknown-delivery",
        ("GET /v1/deliveries/{delivery}", OWN, "tutor"): "unknown-delivery",
        ("GET /v1/schools/{school}/students/{student}/caregivers", OWN, "tutor"): "part-of-a-school",
        ("GET /v1/schools/{school}/students/{student}/family", OWN, "tutor"): "part-of-a-school",
        ("GET /v1/uploads/{upload}", OTHER, "stranger"): "unknown-upload",
    }
    operations = {operation.key: operation for operation in world.apis.operations}
    for (key, school, subject), why in asked.items():
        operation = operations[key]
        before = len(await lines(world, operation.service))
        answer = await ask(world, operation, tutor if subject == "tutor" else stranger, school)
        assert answer.status_code in {403, 404}
        deadline = asyncio.get_running_loop().time() + 5
        # The line comes after the answer.
        while not (new := (await lines(world, operation.service))[before:]):
            assert asyncio.get_running_loop().time() < deadline, key
            await asyncio.sleep(0.02)
        (line,) = new
        assert (line["action"], line["school"], line["subject"]) == ("refused", school, subject)
        assert json.loads(line["filters"]) if isinstance(line["filters"], str) else line["filters"] == {"operation": key, "why": why}


@pytest.mark.parametrize("service", ["ingest", "thresholds", "notifier", "moe-sync"])
async def test_each_service_answers_its_own_log(world: World, service: str) -> None:
    principal = world.apis.token("star:read", role="admin")
    url = f"{world.apis.urls[service]}/v1/schools/{OWN}/audit"
    answer = await world.apis.http.get(url, headers=principal)
    assert answer.status_code == 200, answer.text
    again = (await world.apis.http.get(url, params={"action": "read-audit"}, headers=principal)).json()
    assert again["items"][0]["action"] == "read-audit"
    assert CALENDAR["name"] not in answer.text
