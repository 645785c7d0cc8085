"""A client of the sandbox's Ministry, and a document that it takes."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx

from deploy.sandbox.ministry import create_ministry

RECORD_5 = "0e1f7a52-31a1-4a43-9b0e-0d1a5c0a1111"
RECORD_10 = "0e1f7a52-31a1-4a43-9b0e-0d1a5c0a2222"
RESPONSE = "0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333"
OTHER_RESPONSE = "0e1f7a52-31a1-4a43-9b0e-0d1a5c0a4444"
STUDENT = "7d444840-9dc0-4bd8-9f4c-5a6c5f0b0001"
OTHER_STUDENT = "7d444840-9dc0-4bd8-9f4c-5a6c5f0b0002"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "id": RECORD_5,
        "student_id": STUDENT,
        "student": "12345",
        "threshold": 5,
        "days_absent": 5.0,
        "crossed_on": "2026-10-19",
        "status": "open",
        "sequence": 1,
        "term": "2026-T4",
        "origin": "crossing",
        "change": "new",
    } | changes


def response(**changes: Any) -> dict[str, Any]:
    return {
        "id": RESPONSE,
        "record_id": RECORD_5,
        "student_id": STUDENT,
        "activity": "conversation-with-whanau",
        "occurred_on": "2026-10-20",
        "change": "new",
    } | changes


def document(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "format": "nz.star.upload.v1",
        "version": "1.1",
        "school": "0999",
        "term": "2026-T4",
        "week": "2026-W43",
        "number": 1,
        "created_at": "2026-10-23T18:00:00+13:00",
        "records": [record(), record(id=RECORD_10, student_id=OTHER_STUDENT, student="67890", threshold=10, days_absent=10.5)],
        "responses": [response()],
    } | changes
    kinds = [item.get("change") if isinstance(item, dict) else None for item in (*whole["records"], *whole["responses"])]
    counted = {
        "counts": {"records": len(whole["records"]), "responses": len(whole["responses"])},
        "changes": {kind: kinds.count(kind) for kind in ("new", "amended", "withdrawn")},
    } | whole
    return {"checksum": canonical_checksum(counted)} | counted


def canonical_checksum(whole: dict[str, Any]) -> str:
    """The checksum of a document whose numbers are all whole or halves."""

    def shortest(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shortest(one) for name, one in value.items() if name != "checksum"}
        if isinstance(value, list):
            return [shortest(one) for one in value]
        return int(value) if isinstance(value, float) and value == value // 1 else value

    canonical = json.dumps(shortest(whole), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha-256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def headers_for(body: bytes, key: str = "key-1") -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return {"Idempotency-Key": key, "Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/json"}


class Sender:
    """A client that knows the form; each test breaks one thing."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, content: Any, key: str = "key-1", **headers: str | None) -> httpx.Response:
        body = encoded(content)
        wanted = headers_for(body, key) | {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in wanted.items() if value is not None}
        return await self.http.post("/ministry/uploads", content=body, headers=kept)

    async def items(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.http.get("/ministry/uploads", params=query)
        assert answer.status_code == 200
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def fault(self, **fault: Any) -> httpx.Response:
        return await self.http.post("/ministry/faults", json=fault)


def sender_to(folder: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=create_ministry(folder)), base_url="http://ministry.test")


def assert_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["type"]) == (status, f"urn:star:sandbox:{kind}")
    return problem
