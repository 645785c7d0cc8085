"""Every error is a problem of a stable type, and none of them says what the request held."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.bus.interface import BusUnavailableError, MessageTooLargeError
from shared.web.problems import ProblemError, install_problem_handlers

SECRET = "Jane Doe"


class Caregiver(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=20)]
    session: Literal["AM", "PM"]
    count: int


class ConnectionLostError(Exception):
    sqlstate = "08006"


class NotMigratedError(Exception):
    sqlstate = "42P01"


class ViolatedError(Exception):
    sqlstate = "23514"


RAISED: dict[str, Exception] = {
    "bus": BusUnavailableError("the database is away"),
    "socket": ConnectionRefusedError(SECRET),
    "slow": TimeoutError(SECRET),
    "pool": PoolTimeoutError(SECRET),
    "lost": DBAPIError(SECRET, None, ConnectionLostError(SECRET)),
    "unmigrated": DBAPIError(SECRET, None, NotMigratedError(SECRET)),
    "locked out": asyncpg.InvalidAuthorizationSpecificationError(SECRET),
    "violated": DBAPIError(SECRET, None, ViolatedError(SECRET)),
    "bug": KeyError(SECRET),
    "large": MessageTooLargeError("a message of 1000000 bytes for star.schools.v1: the bus takes 950000"),
    "gone": ClientDisconnect(),
    "teapot": HTTPException(418, "short and stout"),
    "ours": ProblemError(409, "already-there", "there is one", headers={"X-Other": "1"}, extra={"other": "1"}),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/caregivers")
    async def add(caregiver: Caregiver, limit: Annotated[int, Query(ge=1)] = 1) -> Caregiver:
        return caregiver

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISED[name]

    # Starlette hands unexpected errors on to the server once they are answered.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_an_error_of_ours_is_told_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/ours")
    assert told(answer) == {
        "type": "urn:nz-star:problem:already-there",
        "title": "Conflict",
        "status": 409,
        "detail": "there is one",
        "other": "1",
    }
    assert answer.headers["x-other"] == "1"


@pytest.mark.parametrize("name", ["bus", "socket", "slow", "pool", "lost"])
async def test_what_passes_by_itself_is_to_be_tried_again(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/raise/{name}")
    assert (answer.status_code, told(answer)["type"]) == (503, "urn:nz-star:problem:unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ["unmigrated", "locked out"])
async def test_what_a_person_has_to_mend_is_to_be_tried_again_too(client: httpx.AsyncClient, name: str) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await client.get(f"/raise/{name}")
    assert (answer.status_code, told(answer)["type"]) == (503, "urn:nz-star:problem:unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert [(line["event"], line["log_level"]) for line in logs] == [("request.set_up", "error")]


@pytest.mark.parametrize("name", ["violated", "bug"])
async def test_what_does_not_pass_is_our_fault(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/raise/{name}")
    assert (answer.status_code, told(answer)["type"]) == (500, "urn:nz-star:problem:internal-error")


async def test_what_passes_by_itself_is_not_handed_to_the_server_as_a_crash() -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISED[name]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as strict:
        for name in ("bus", "socket", "slow", "pool", "lost", "unmigrated", "locked out"):
            assert (await strict.get(f"/raise/{name}")).status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"), [("GET", "/nowhere", 404, "not-found"), ("GET", "/caregivers", 405, "method-not-allowed")]
)
async def test_the_frameworks_errors_are_problems(client: httpx.AsyncClient, method: str, path: str, status: int, kind: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, told(answer)["type"]) == (status, f"urn:nz-star:problem:{kind}")


@pytest.mark.parametrize(("name", "status", "kind"), [("large", 413, "too-large"), ("gone", 400, "abandoned")])
async def test_requests_that_are_too_large_or_cut_short(client: httpx.AsyncClient, name: str, status: int, kind: str) -> None:
    answer = await client.get(f"/raise/{name}")
    assert (answer.status_code, told(answer)["type"]) == (status, f"urn:nz-star:problem:{kind}")


async def test_an_uncommon_status_is_told_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/teapot")
    assert (answer.status_code, told(answer)["detail"]) == (418, "short and stout")


async def test_fields_at_fault_are_named_and_not_quoted(client: httpx.AsyncClient) -> None:
    answer = await client.post("/caregivers?limit=0", json={"name": SECRET * 10, "session": SECRET, "count": SECRET, "nmae": SECRET})
    problem = told(answer)
    assert (answer.status_code, problem["type"]) == (422, "urn:nz-star:problem:invalid-request")
    assert {error["at"] for error in problem["errors"]} == {"query.limit", "body.name", "body.session", "body.count", "body.nmae"}
    assert all(error["why"] for error in problem["errors"])


@pytest.mark.parametrize("body", [f'{{"name": "{SECRET}"'.encode(), SECRET.encode(), b'{"name": "\xff"}', b"[" * 100_000])
async def test_what_is_not_json_is_told_apart(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/caregivers", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, told(answer)["type"]) == (400, "urn:nz-star:problem:malformed-json")
