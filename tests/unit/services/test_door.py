"""The door before the body: every operation of every service that takes one, called as a server calls it, with a count of what is read."""

import base64
import json
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from services.ingest.settings import IngestSettings
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable
from shared.auth.tokens import LocalKeys, TokenVerifier
from shared.web.state import STATE
from tests.support.documents import APPS
from tests.support.tokens import bearer, local_token

PIECE = b"x" * 65536
MIB = 1024 * 1024
SCOPES = ("marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops")
ID = "11111111-1111-4111-8111-111111111111"

CALENDAR = SchoolCalendar(terms=())
APP_OF = {service: make() for service, make in APPS.items()}


@dataclass(frozen=True)
class Operation:
    service: str
    method: str
    path: str
    media_type: str

    @property
    def app(self) -> FastAPI:
        return APP_OF[self.service]

    @property
    def address(self) -> str:
        address = self.path.replace("{school}", "0999").replace("{threshold}", "5").replace("{week}", "2026-W43").replace("{version}", "1")
        while "{" in address:
            before, _, rest = address.partition("{")
            address = before + ID + rest.partition("}")[2]
        return address


def operations() -> Iterator[Operation]:
    for service, app in APP_OF.items():
        for path, methods in app.openapi()["paths"].items():
            for method, operation in methods.items():
                if "requestBody" in operation:
                    yield Operation(service, method.upper(), path, next(iter(operation["requestBody"]["content"])))


OPERATIONS = list(operations())
OF_CALLERS = [operation for operation in OPERATIONS if operation.path != "/reply/{token}"]
"""All but the page behind the link of a letter: its link is all that a family has, and its body is bounded in its own tests."""

OF_TOKENS = [operation for operation in OF_CALLERS if operation.path != "/v1/kamar"]


def named(operation: Operation) -> str:
    return f"{operation.service} {operation.method} {operation.path}"


@dataclass
class Answer:
    status: int
    kind: str
    read: int


@dataclass
class Server:
    """Calls an app as a server does, and hands it as much of a body as it asks for."""

    data: Path

    def token(self, scopes: tuple[str, ...] = SCOPES, schools: tuple[str, ...] = ("*",), **staff: Any) -> dict[str, str]:
        return bearer(local_token(self.data, scopes, schools, **staff))

    async def call(
        self, operation: Operation, headers: dict[str, str], size: int, *, declared: bool = False, body: bytes | None = None
    ) -> Answer:
        read, sent = 0, []

        async def receive() -> dict[str, Any]:
            nonlocal read
            piece = PIECE[: size - read] if body is None else body
            read += len(piece)
            return {"type": "http.request", "body": piece, "more_body": read < size}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = {"content-type": operation.media_type, **headers} | ({"content-length": str(size)} if declared else {})
        await operation.app(self._scope(operation, headers), receive, send)  # type: ignore[arg-type]
        answer: dict[str, Any] = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
        return Answer(sent[0]["status"], str(answer.get("type", "")).rpartition(":")[2], read)

    def _scope(self, operation: Operation, headers: dict[str, str]) -> dict[str, Any]:
        async def calendar(_: str) -> SchoolCalendar:
            return CALENDAR

        async def own_name(_: str, student: str) -> str:
            return student

        calendars = SimpleNamespace(of=calendar, newest=calendar)
        state = SimpleNamespace(
            engine=None,
            publisher=None,
            codes=CodeTable.load(None),
            verifier=TokenVerifier(LocalKeys(self.data)),
            calendars=calendars,
            student_named=own_name,
            settings=IngestSettings(body_limit=4 * MIB, import_limit=4 * MIB),
            clock=lambda: datetime(2026, 11, 20, tzinfo=UTC),
        )
        query = b"kind=marks" if operation.path.endswith("/imports") else b""
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": operation.method,
            "path": operation.address,
            "raw_path": operation.address.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("door", 80),
            "state": {STATE: state},
        }


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_there_are_operations_to_walk() -> None:
    assert len(OPERATIONS) >= 25
    assert {operation.service for operation in OPERATIONS} == set(APPS)


@pytest.mark.parametrize("operation", OF_CALLERS, ids=named)
async def test_nobody_is_read_without_a_token(server: Server, operation: Operation) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 40_000).decode()
    for headers in ({}, bearer("x"), bearer("x.y.z"), bearer(f"{deep}.{deep}.x"), {"Authorization": "Basic !"}):
        for declared in (True, False):
            answer = await server.call(operation, headers, 2**31, declared=declared)
            assert (answer.status, answer.read) == (401, 0)


@pytest.mark.parametrize("operation", OF_TOKENS, ids=named)
async def test_nobody_is_read_who_may_not_do_it(server: Server, operation: Operation) -> None:
    answer = await server.call(operation, server.token(scopes=()), 2**31)
    assert (answer.status, answer.kind, answer.read) == (403, "missing-scope", 0)
    if "{school}" in operation.path:
        answer = await server.call(operation, server.token(schools=("0189",)), 2**31)
        assert (answer.status, answer.kind, answer.read) == (403, "another-school", 0)


# An import asks the database first: its bound is tried in its own tests.
@pytest.mark.parametrize("operation", [each for each in OF_TOKENS if not each.path.endswith("/imports")], ids=named)
async def test_no_body_is_read_past_its_bound(server: Server, operation: Operation) -> None:
    answer = await server.call(operation, server.token(), 2**31, declared=True)
    assert (answer.status, answer.kind, answer.read) == (413, "too-large", 0)
    tracemalloc.start()
    try:
        answer = await server.call(operation, server.token(), 2**31)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status, answer.kind) == (413, "too-large")
    assert answer.read <= 8 * MIB + len(PIECE)
    assert peak < 3 * answer.read + 2 * MIB


@pytest.mark.parametrize("operation", [o for o in OF_TOKENS if o.media_type == "application/json"], ids=named)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"marks":[' + b"[" * 500_000,
        b'{"students":[' + b"[" * 500_000,
        b"9" * 900_000,
        b'{"a":1' + b"0" * 900_000 + b"}",
        b'"' + b"\\" * 900_000,
        b'{"a":"' + b"\\\\" * 400_000 + b'\\u0000"}',
    ],
    ids=["lists", "objects", "marks", "students", "digits", "a number", "backslashes", "escapes"],
)
async def test_a_bomb_of_json_is_refused_in_no_time(server: Server, operation: Operation, body: bytes) -> None:
    started = time.process_time()
    answer = await server.call(operation, server.token(), len(body), body=body)
    assert answer.status in (400, 413, 422)
    assert time.process_time() - started < 1
