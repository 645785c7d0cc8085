"""The look at every answer of the tests: an answer that no document has is a fault, and others' answers are none of its business."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Response

from tests.support.honest import candidates, fault, taken

STAR = "/v1/star-records/6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"


def problem(kind: str, status: int) -> bytes:
    return json.dumps({"type": f"urn:nz-star:problem:{kind}", "title": "t", "status": status, "detail": "d"}).encode()


def test_an_answer_of_the_documents_is_no_fault() -> None:
    assert fault("GET", STAR, 404, "application/problem+json", problem("unknown-record", 404)) is None
    assert fault("GET", f"/thresholds{STAR}", 404, "application/problem+json", problem("unknown-record", 404)) is None
    assert fault("GET", "/v1/schools", 200, "application/json", b'{"items": [], "next": null}') is None


def test_a_status_a_media_type_or_a_schema_that_is_not_declared_is_one() -> None:
    assert fault("GET", STAR, 409, "application/problem+json", problem("being-sent", 409)) == (
        "thresholds GET /v1/star-records/{record_id} 409: not declared (urn:nz-star:problem:being-sent)"
    )
    assert "text/plain is not declared" in str(fault("GET", STAR, 404, "text/plain", b"no"))
    assert "of-no-list" in str(fault("GET", STAR, 404, "application/problem+json", problem("of-no-list", 404)))
    assert "next" in str(fault("GET", "/v1/schools", 200, "application/json", b'{"items": []}'))
    assert "a body of application/json" in str(fault("DELETE", "/v1/subscriptions/1", 204, "application/json", b"{}"))


def test_what_is_no_operation_of_ours_is_passed_over() -> None:
    assert fault("GET", "/v1/elsewhere", 418, "text/plain", b"short and stout") is None
    assert fault("PUT", STAR, 405, "application/problem+json", problem("method-not-allowed", 405)) is None


def test_a_path_without_parameters_goes_first() -> None:
    assert [operation.key for operation in candidates("POST", "/v1/dead-letters/redrive")] == ["POST /v1/dead-letters/redrive"] * 4
    assert [operation.service for operation in candidates("GET", "/ingest/v1/schools/0999")] == ["ingest"]


@pytest.mark.parametrize("title", ["STAR moe-sync", "STAR worker"])
async def test_an_answer_that_a_client_other_than_the_tests_gets_is_heard_at_the_app(title: str) -> None:
    app = FastAPI(title=title)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "unwell"}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response("star_build_info 1", status_code=418, media_type="text/plain")

    # These paths are none at which the answers to the tests' own clients are looked at.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alone") as http:
        await http.get("/healthz")
        await http.get("/metrics")
    health, numbers = taken()
    assert "moe-sync GET /healthz 200" in health
    assert "moe-sync GET /metrics 418: not declared" in numbers


async def test_the_console_has_no_document_and_is_left_alone() -> None:
    app = FastAPI(title="STAR console")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alone") as http:
        await http.get("/openapi.json")
    assert list(taken()) == []


ANOTHER_PROCESS = """
import os
from pathlib import Path
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.support.answered import KEPT_IN
from tests.support.watched_star import keep

keep(Path(os.environ[KEPT_IN]))
app = FastAPI(title="STAR ingest")
app.get("/readyz", status_code=204)(lambda: None)
TestClient(app).get("/readyz")
"""


def test_the_answers_of_a_process_that_a_test_started_are_heard_once() -> None:
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS], check=True, cwd=Path(__file__).parents[4])
    [heard] = taken()
    assert "ingest GET /readyz 204: not declared" in heard
    assert list(taken()) == []
