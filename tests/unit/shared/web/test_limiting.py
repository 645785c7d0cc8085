"""A client that floods is told to wait, and no other notices."""

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared.web.limiting import MOST_CLIENTS, WINDOW, Buckets, RateLimits


async def fine(_: object) -> PlainTextResponse:
    return PlainTextResponse("fine")


def client(rate: int) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/v1/things", fine), Route("/healthz", fine)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(RateLimits(app, rate, lambda: 0.0)), base_url="http://star")


async def test_what_is_left_is_said_and_a_flood_is_refused() -> None:
    async with client(1) as http:
        answers = [await http.get("/v1/things", headers={"Authorization": "Bearer one"}) for _ in range(WINDOW + 1)]
        assert [answer.status_code for answer in answers] == [200] * WINDOW + [429]
        assert answers[0].headers["ratelimit-policy"] == '"default";q=10;w=10'
        assert answers[0].headers["ratelimit"] == '"default";r=9;t=1'
        refused = answers[-1]
        assert (refused.json()["type"], refused.headers["retry-after"]) == ("urn:nz-star:problem:too-many-requests", "1")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["ratelimit"].startswith('"default";r=0;t=')
        assert (await http.get("/v1/things", headers={"Authorization": "Bearer other"})).status_code == 200
        assert (await http.get("/healthz", headers={"Authorization": "Bearer one"})).status_code == 200


async def test_no_rate_is_no_limit() -> None:
    async with client(0) as http:
        answers = [await http.get("/v1/things") for _ in range(50)]
        assert {answer.status_code for answer in answers} == {200}
        assert "ratelimit" not in answers[0].headers


def test_a_bucket_fills_with_time_and_never_above_its_quota() -> None:
    now = [0.0]
    buckets = Buckets(2, lambda: now[0])
    assert [buckets.take(b"a") for _ in range(21)] == [*range(19, -1, -1), -1]
    now[0] = 1.0
    assert [buckets.take(b"a") for _ in range(3)] == [1, 0, -1]
    now[0] = 1000.0
    assert buckets.take(b"a") == 19


def test_buckets_are_bounded() -> None:
    buckets = Buckets(1, lambda: 0.0)
    for number in range(MOST_CLIENTS + 5):
        buckets.take(str(number).encode())
    assert buckets.take(b"0") == 9
    assert buckets.take(str(MOST_CLIENTS).encode()) == 8
