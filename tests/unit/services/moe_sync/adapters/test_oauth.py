"""Access tokens: the request word for word, the answers that are no token, and how long one is kept."""

import base64
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from services.moe_sync.adapters.oauth import Credentials, NoTokenError, Tokens

NOW = 1000.0
CREDENTIALS = Credentials("https://ministry.test/token", "star client", "s:cr%t", "uploads")


class Server:
    """Answers each request with the same."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []
        self.now = NOW

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def tokens(self) -> Tokens:
        return Tokens(httpx.AsyncClient(transport=httpx.MockTransport(self)), CREDENTIALS, lambda: self.now)


async def test_the_request_is_that_of_client_credentials() -> None:
    server = Server(httpx.Response(200, json={"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}))
    assert await server.tokens().get() == "abc"
    (request,) = server.requests
    assert (request.method, str(request.url)) == ("POST", "https://ministry.test/token")
    assert parse_qs(request.content.decode()) == {"grant_type": ["client_credentials"], "scope": ["uploads"]}
    # RFC 6749, 2.3.1: name and secret are form-encoded before they are joined.
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'star%20client:s%3Acr%25t').decode()}"


@pytest.mark.parametrize(
    ("stated", "kept"),
    [({"expires_in": 3600}, 3570), ({}, 30), ({"expires_in": "soon"}, 30), ({"expires_in": -1}, 30), ({"expires_in": 5}, 0)],
)
async def test_a_token_is_kept_until_shortly_before_its_end(stated: dict[str, Any], kept: int) -> None:
    server = Server(httpx.Response(200, json={"access_token": "abc", **stated}))
    tokens = server.tokens()
    await tokens.get()
    if kept:
        server.now = NOW + kept - 1
        await tokens.get()
        assert len(server.requests) == 1
    server.now = NOW + kept
    await tokens.get()
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(400, json={"error": "invalid_client", "error_description": "s:cr%t is wrong"}), "token-refused"),
        (httpx.Response(302, headers={"location": "https://elsewhere.test/"}), "token-refused"),
        (httpx.Response(503), "token-unreachable"),
        (httpx.ConnectError("away"), "token-unreachable"),
        (httpx.ReadTimeout("slow"), "token-unreachable"),
        (httpx.Response(200, text="<html>"), "token-unreadable"),
        (httpx.Response(200, content=b"\xff"), "token-unreadable"),
        (httpx.Response(200, json={"access_token": ""}), "token-unreadable"),
        (httpx.Response(200, json={"access_token": "a\nb"}), "token-unreadable"),
        (httpx.Response(200, json={"token": "abc"}), "token-unreadable"),
    ],
)
async def test_what_is_no_token_is_named_without_its_words(answer: httpx.Response | Exception, code: str) -> None:
    with pytest.raises(NoTokenError) as error:
        await Server(answer).tokens().get()
    assert (error.value.code, str(error.value)) == (code, code)
