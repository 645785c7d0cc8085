"""The short way leads to the same door, problems and document as FastAPI's own, and past its stacks."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.auth.principal import Principal
from shared.web.door import Router, asks
from shared.web.errors import ProblemError
from shared.web.problems import install_problem_handlers
from shared.web.short_way import short_ways


class Verifier:
    """Takes any token for one of school 0999."""

    async def principal(self, authorization: str | None) -> Principal:
        if authorization is None:
            raise ProblemError(401, "unauthorized", "a bearer token is needed")
        return Principal("made-up", frozenset({"marks:write"}), frozenset({"0999"}))


def router() -> Router:
    router = Router(tags=["marks"])

    @router.post("/v1/schools/{school}/things", summary="Post things")
    @asks("marks:write", role="respond")
    async def post_things(request: Request, school: str) -> Response:
        if (await request.body()) == b"none":
            raise ProblemError(422, "nothing-accepted", "none of the things could be accepted")
        took_fastapis = any(key.startswith("fastapi_inner") for key in request.scope)
        return Response(f"{school} {request.scope['route'].path} {took_fastapis}", status_code=202)

    @router.get("/v1/schools/{school}/things", summary="Things")
    async def get_things(school: str) -> dict[str, str]:
        return {"school": school}

    return router


def with_state(app: ASGIApp) -> ASGIApp:
    async def stateful(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope | {"state": {"service": SimpleNamespace(verifier=Verifier())}}, receive, send)

    return stateful


def an_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    things = router()
    app.router.routes[:0] = short_ways([things])
    app.include_router(things)
    return app


@pytest.fixture(params=["alone", "mounted"])
def http(request: pytest.FixtureRequest) -> httpx.AsyncClient:
    app: Any = an_app() if request.param == "alone" else Starlette(routes=[Mount("/ingest", an_app())])
    base = "http://star" if request.param == "alone" else "http://star/ingest"
    return httpx.AsyncClient(transport=httpx.ASGITransport(with_state(app)), base_url=base, headers={"Authorization": "Bearer made-up"})


async def test_it_leads_to_the_endpoint_past_fastapis_stacks(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/schools/0999/things", content=b"some")
    assert (answer.status_code, answer.text) == (202, "0999 /v1/schools/{school}/things False")


async def test_its_door_asks_for_the_same_rights(http: httpx.AsyncClient) -> None:
    other = await http.post("/v1/schools/0189/things", content=b"some")
    assert (other.status_code, other.json()["type"]) == (403, "urn:nz-star:problem:another-school")
    del http.headers["authorization"]
    unknown = await http.post("/v1/schools/0999/things", content=b"some")
    assert (unknown.status_code, unknown.json()["type"]) == (401, "urn:nz-star:problem:unauthorized")


async def test_its_errors_are_problems(http: httpx.AsyncClient) -> None:
    refused = await http.post("/v1/schools/0999/things", content=b"none")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    nul = await http.post("/v1/schools/0999/things?x=%00", content=b"some")
    assert (nul.status_code, nul.json()["type"]) == (422, "urn:nz-star:problem:invalid-request")


async def test_other_methods_and_paths_go_fastapis_way(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/schools/0999/things")).json() == {"school": "0999"}
    assert (await http.delete("/v1/schools/0999/things")).status_code == 405
    assert (await http.post("/v1/schools/0999/0/things")).status_code == 404


def test_the_document_has_the_operation_once() -> None:
    paths = an_app().openapi()["paths"]
    assert set(paths) == {"/v1/schools/{school}/things"}
    assert set(paths["/v1/schools/{school}/things"]) == {"get", "post"}
