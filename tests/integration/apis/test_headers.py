"""The headers of every answer of every operation, whatever it answers, and of every page."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.apis.four_apis import FourApis

SAFE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def safe(answer: httpx.Response) -> None:
    assert {name: answer.headers.get(name) for name in SAFE} == SAFE, answer.request.url
    assert "server" not in answer.headers
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_every_operation_answers_with_them(apis: FourApis) -> None:
    """Without a token, and with one that may do everything (and finds nothing)."""
    everything = apis.token(
        "marks:write", "roster:write", "star:read", "star:write", "uploads:run", "events:subscribe", "ops", schools=("*",)
    )
    kept = []
    for operation in apis.operations:
        for headers in ({}, everything):
            answer = await apis.send(operation, operation.at(), headers)
            safe(answer)
            if operation.path.startswith("/v1/") and answer.headers.get("cache-control") != "no-store":
                kept.append((operation.key, answer.status_code, answer.headers.get("cache-control")))
    assert kept == []
    assert len(apis.operations) > 90


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/asyncapi", "/nowhere", "/v1/nowhere"])
async def test_every_page_has_a_policy(apis: FourApis, page: str) -> None:
    for url in apis.urls.values():
        answer = await apis.http.get(f"{url}{page}")
        assert answer.status_code == (404 if "nowhere" in page else 200)
        safe(answer)
        assert "unsafe-inline" not in answer.headers.get("content-security-policy", "").partition("style-src")[0]


@pytest.mark.parametrize("path", ["/v1/attendance-codes/", "//elsewhere.example.nz/v1/attendance-codes/", "/static-offline-docs"])
async def test_no_redirect_follows_the_host_header(apis: FourApis, path: str) -> None:
    """As a browser that was sent here by another name would ask: whoever chose the name does not choose where it goes next."""
    place = urlsplit(apis.urls["thresholds"])
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: elsewhere.example.nz\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head = answer.partition("\r\n\r\n")[0].lower()
    assert "elsewhere" not in "".join(line for line in head.splitlines() if line.startswith("location: http")), head
    assert "location: //" not in head
