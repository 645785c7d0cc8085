"""Requests over HTTP, and how each answer is taken."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.moe_sync.adapters.https import HttpsAdapter
from services.moe_sync.adapters.interface import Answer, Parcel, Received, Refused, Rejected, Unsettled
from services.moe_sync.adapters.reading import LONGEST_TEXT

NOW = datetime(2026, 10, 23, 5, tzinfo=UTC)
BODY = b'{"format":"nz.star.upload.v1"}'
PARCEL = Parcel("11c2a6f2-6f1c-5c0e-a6a5-1f3f6a1b2c3d", BODY, hashlib.sha256(BODY).digest())

Responder = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


async def sent(responder: Any, timeout: timedelta = timedelta(seconds=30)) -> Answer:
    async with httpx.AsyncClient(transport=httpx.MockTransport(responder)) as client:
        return await HttpsAdapter(client, "https://ministry.test/star/", timeout, lambda: NOW).send(PARCEL)


async def answered(status: int, **response: Any) -> Answer:
    return await sent(lambda _: httpx.Response(status, **response))


async def test_the_request_word_for_word() -> None:
    requests: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"receipt": "r-1", "status": "accepted", "rejects": []})

    assert await sent(take) == Received("r-1", "accepted", ())
    (request,) = requests
    assert (request.method, str(request.url)) == ("POST", "https://ministry.test/star/uploads")
    assert request.content == BODY
    assert request.headers["idempotency-key"] == "11c2a6f2-6f1c-5c0e-a6a5-1f3f6a1b2c3d"
    assert request.headers["content-digest"] == "sha-256=:a099eQAAtU+chPTeVg20mOGpXwy9oWDfE/iT3eB+/XE=:"
    assert request.headers["content-type"] == "application/json"
    assert "content-encoding" not in request.headers


async def test_rejects_make_it_partly_accepted_whatever_its_status_says() -> None:
    said = {"receipt": "r-1", "status": "accepted", "rejects": [{"item": "a", "reason": "no\x00such\nstudent", "more": 1}], "more": 2}
    assert await answered(200, json=said) == Received("r-1", "partly-accepted", (Rejected("a", "no such student"),))
    assert await answered(200, json={"receipt": "r", "status": "partly-accepted"}) == Received("r", "partly-accepted", ())


@pytest.mark.parametrize(
    "content", [b"", b"OK", b"{}", b'{"receipt": 1, "status": "accepted"}', b'{"receipt": "r", "status": "fine"}', b"\xff"]
)
async def test_a_200_that_is_no_receipt_is_asked_for_again(content: bytes) -> None:
    answer = await answered(200, content=content)
    assert isinstance(answer, Unsettled)
    assert answer.code == "unreadable-answer"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 415, 422])
async def test_other_client_errors_refuse(status: int) -> None:
    problem = {"type": "urn:x", "title": "Bad document", "errors": [{"pointer": "#/week", "detail": "should be an ISO week"}]}
    answer = await answered(status, json=problem)
    assert answer == Refused(f"http-{status}", f"the Ministry's end answered {status}: Bad document: #/week should be an ISO week")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599, 202, 301, 307])
async def test_what_passes_by_itself_is_tried_again(status: int) -> None:
    answer = await answered(status, text="<html>", headers={"location": "https://elsewhere.test/"})
    arrived = False if status in (425, 429) else None
    assert answer == Unsettled(f"http-{status}", f"the Ministry's end answered {status}", None, arrived)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        ("7", timedelta(seconds=7)),
        (" 90 ", timedelta(seconds=90)),
        ("0", timedelta(seconds=1)),
        ("86400", timedelta(hours=6)),
        ("9" * 30, timedelta(hours=6)),
        ("Fri, 23 Oct 2026 05:02:00 GMT", timedelta(minutes=2)),
        ("Fri, 23 Oct 2026 04:00:00 GMT", timedelta(seconds=1)),
        ("Sun, 23 Oct 2044 05:02:00 GMT", timedelta(hours=6)),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("٥", None),
        ("", None),
    ],
)
async def test_retry_after_is_honoured_within_bounds(retry_after: str, pause: timedelta | None) -> None:
    answer = await answered(503, headers=[(b"retry-after", retry_after.encode())])
    assert isinstance(answer, Unsettled)
    assert answer.after == pause


async def test_somebody_elses_words_are_cut_and_cleaned() -> None:
    answer = await answered(422, json={"title": "\u202e" + "x" * 10_000, "detail": "\x00"})
    assert isinstance(answer, Refused)
    assert len(answer.detail) == LONGEST_TEXT
    assert answer.detail.isprintable()
    assert await answered(422, json={"errors": "not a list"}) == Refused("http-422", "the Ministry's end answered 422")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
async def test_a_broken_connection_is_tried_again(error: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("pupils' data", request=request)

    answer = await sent(fail)
    assert answer == Unsettled(
        "unreachable", f"the Ministry's end could not be reached ({error.__name__})", None, False if error is httpx.ConnectError else None
    )


async def test_a_server_that_hangs_or_drips_is_left_in_time() -> None:
    never = asyncio.Event()

    async def hang(_: httpx.Request) -> httpx.Response:
        await never.wait()
        raise AssertionError

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            await never.wait()

    for responder in (hang, lambda _: httpx.Response(200, stream=Dripping())):
        answer = await sent(responder, timedelta(milliseconds=50))
        assert isinstance(answer, Unsettled)
        assert answer.code == "timeout"


async def test_an_answer_without_end_is_not_read_to_it() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" " * 65536

    answer = await answered(200, stream=Endless())
    assert isinstance(answer, Unsettled)
    assert answer.code == "unreadable-answer"
