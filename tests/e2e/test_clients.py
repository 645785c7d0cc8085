"""The typed clients, each telling a vendor's story against the running product: marks in, crossing out, response in, webhook verified."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import httpx
import pytest
from star_client import AsyncStar, Feed, Star, StarError, WebhookError, verify
from star_client.marks import one_by_one
from star_client.models import StarRecord, StudentOut

from tests.e2e.receiver import Receiver, receiving
from tests.e2e.school import School, eventually, fresh_number
from tests.support.honest import kept
from tests.support.node import node
from tests.support.scripted_http import CUT, Answer, Asked, scripted_http
from tests.support.stack import EmbeddedStack
from tests.support.typescript_client import CLIENT, built, can_be_had

CROSSED = "nz.star.threshold.crossed.v1"
RECORDED = "nz.star.response.recorded.v1"
NOWHERE = "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"
TOKENS = "marks:write roster:write star:read star:write events:subscribe"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    running = EmbeddedStack(tmp_path_factory.mktemp("clients"))
    running.heart.start()
    try:
        yield running
    finally:
        assert running.heart.stop() == 0, running.heart.output.read_text()[-3000:]


@pytest.fixture
def school(stack: EmbeddedStack) -> School:
    school = School(stack, fresh_number())
    school.enrol(["12345"])
    return school


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def absences(school: School, count: int) -> list[Any]:
    return [school.mark("12345", number, "T") for number in range(count)]


def test_the_python_client_tells_the_story(school: School, stack: EmbeddedStack, receiver: Receiver, tmp_path: Path) -> None:
    tokens = iter(["stale", stack.token(TOKENS, school.number)])
    with Star(stack.url("").rstrip("/"), lambda: next(tokens)) as star:
        wanted: Any = {"url": receiver.url, "schools": [school.number], "events": [CROSSED]}
        secret = star.create_subscription(wanted)["secret"]
        unknown = {**school.mark("12345", 0, "M"), "code": "no-code"}
        uploaded = star.upload_marks(school.number, (mark for mark in [*absences(school, 20), unknown]))
        assert (uploaded.accepted, [(entry["index"], entry["reason"]) for entry in uploaded.rejected]) == (20, [(20, "unknown-code")])
        # A page of one each: the iterator goes on by itself.
        eventually(lambda: len(list(star.pages(star.list_star_records, school.number, limit=1))), 2)
        [first, *_] = star.pages(star.list_star_records, school.number)
        # The type checker knows the items of a list by its operation.
        assert_type(first, StarRecord)
        done: Any = {"activity": "conversation-with-whanau", "occurred_on": first["crossed_on"], "staff": "Ms Example"}
        assert len(star.add_response(first["id"], done)["responses"]) == 1
        feed = Feed(star, tmp_path / "cursor.json")
        seen: list[Any] = []
        expected = sorted([(CROSSED, 5), (CROSSED, 10), (RECORDED, first["threshold"])])
        eventually(lambda: seen.extend(feed) or sorted((event["type"], event["data"]["threshold"]) for event in seen), expected)
        assert list(Feed(star, tmp_path / "cursor.json")) == []
        with pytest.raises(StarError) as refused:
            star.get_star_record(NOWHERE)
        assert (refused.value.status, refused.value.kind) == (404, "unknown-record")
    eventually(lambda: len(receiver.requests), 2)
    headers, body = receiver.requests[0]
    assert verify(["whsec_b2xk", secret], headers, body)["type"] == CROSSED
    with pytest.raises(WebhookError):
        verify(secret, headers, body + b" ")


async def test_the_async_client_does_the_same(school: School, stack: EmbeddedStack) -> None:
    tokens = iter(["stale", stack.token(TOKENS, school.number)])

    async def token() -> str:
        return next(tokens)

    base = stack.url("").rstrip("/")
    services = {service: f"{base}/{service}" for service in ("ingest", "thresholds")}
    async with AsyncStar("http://nowhere.example", token, services=services) as star:
        uploaded = await star.upload_marks(school.number, one_by_one(absences(school, 10)))
        assert (uploaded.accepted, uploaded.rejected) == (10, [])
        uploaded = await star.upload_marks(school.number, [{**absences(school, 1)[0], "code": "no-code"}])
        assert (uploaded.accepted, [entry["reason"] for entry in uploaded.rejected]) == (0, ["unknown-code"])
        students = [item async for item in star.pages(star.list_students, school.number, limit=1)]
        assert_type(students, list[StudentOut])
        assert [student["student"] for student in students] == ["12345"]
        with pytest.raises(StarError) as refused:
            await star.get_star_record(NOWHERE)
        assert refused.value.kind == "unknown-record"


def test_a_response_whose_answer_was_lost_is_recorded_once(school: School, stack: EmbeddedStack) -> None:
    school.post([school.mark("12345", number, "T") for number in range(10)])
    with Star(stack.url("").rstrip("/"), stack.token(TOKENS, school.number)) as star, scripted_http() as road:
        eventually(lambda: len(list(star.pages(star.list_star_records, school.number))), 1)
        [record] = star.pages(star.list_star_records, school.number)
        lost: list[int] = []

        def forward(asked: Asked) -> Answer:
            headers = {name: asked.headers[name] for name in ("authorization", "content-type", "idempotency-key")}
            done = httpx.post(stack.url("").rstrip("/") + asked.path, headers=headers, content=asked.body)
            if not lost:
                lost.append(done.status_code)
                return CUT
            return Answer(done.status_code, {"Content-Type": done.headers["content-type"]}, done.json())

        road.answer = forward
        with Star(road.url, stack.token(TOKENS, school.number), sleep=lambda _: None) as behind:
            done: Any = {"activity": "conversation-with-whanau", "occurred_on": record["crossed_on"], "staff": "Ms Example"}
            behind.add_response(record["id"], done)
            assert (lost, len(road.asked)) == ([201], 2)
            assert len(star.get_star_record(record["id"])["responses"]) == 1
            behind.add_response(record["id"], done)
            assert len(star.get_star_record(record["id"])["responses"]) == 2, "another call is another conversation"


@pytest.mark.skipif(not can_be_had() and os.environ.get("CI") != "true", reason="LOUD: no npm here, so the client is not tried")
def test_the_typescript_client_tells_the_story(school: School, stack: EmbeddedStack, receiver: Receiver, tmp_path: Path) -> None:
    built()
    wanted = {"url": receiver.url, "schools": [school.number], "events": [CROSSED]}
    subscription = school.request("POST", "notifier", "/v1/subscriptions", json=wanted).json()
    school.request("POST", "notifier", f"/v1/subscriptions/{subscription['id']}/test").raise_for_status()
    eventually(lambda: len(receiver.requests), 1)
    headers, body = receiver.requests[0]
    environment = {
        **os.environ,
        "STAR_URL": stack.url("").rstrip("/"),
        "STAR_TOKEN": stack.token(TOKENS, school.number),
        "STAR_SCHOOL": school.number,
        "STAR_MARKS": json.dumps(absences(school, 20)),
        "STAR_CURSOR": str(tmp_path / "cursor.json"),
        "STAR_WEBHOOK": json.dumps({"secret": subscription["secret"], "headers": dict(headers), "body": body.decode()}),
    }
    done = subprocess.run([*node(), "story.mjs"], cwd=CLIENT, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "uploaded": {"accepted": 20, "rejected": []},
        "asked": 2,
        "records": 2,
        "answered": 1,
        "crossings": [5, 10],
        "refusal": "404 unknown-record",
        "verified": "nz.star.test.v1",
        "forged": "WebhookError",
    }
    # What Node.js got is looked at in the process that answered.
    heard = {(answered.service, answered.path) for _, _, answered in kept({})}
    assert ("thresholds", f"/v1/schools/{school.number}/star-records") in heard
