"""Connections that say nothing, say it slowly, or do not listen: over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from shared.web import connections
from shared.web.connections import Phase
from tests.support.servers import serving

SHORT = 0.6
SOON = SHORT * 0.9
"""The door's clock begins with the connection, which its client hears of later."""
REQUEST = b"GET / HTTP/1.1\r\nHost: door\r\n\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: door\r\nContent-Length: 1000000\r\n\r\n"
REFUSED = b"POST /refused HTTP/1.1\r\nHost: door\r\nContent-Length: 1000000000\r\n\r\n"


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    for phase in (Phase.HEAD, Phase.BODY, Phase.REFUSED, Phase.IDLE):
        monkeypatch.setitem(connections._LONGEST, phase, SHORT)
    monkeypatch.setattr(connections, "EVERY", 0.1)
    monkeypatch.setattr(connections, "ANSWER_STILL", SHORT)
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 10)
    app = FastAPI()

    @app.get("/")
    async def hello() -> str:
        return "hello"

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 50_000_000)

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.post("/refused")
    async def refused() -> Response:
        return Response(status_code=401)

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(SHORT * 3)
        return "done"

    async with serving(app) as base_url:
        parts = urlsplit(base_url)
        yield str(parts.hostname), int(parts.port or 0)


async def dribbled(address: tuple[str, int], first: bytes, more: bytes) -> tuple[float, bytes, int]:
    """Sends `first`, then `more` again and again, until the server ends it: the seconds, the answer, and the bytes that were sent."""
    reader, writer = await asyncio.open_connection(*address)
    started, sent = time.monotonic(), 0
    writer.write(first)

    async def send() -> None:
        nonlocal sent
        while more:
            writer.write(more)
            await writer.drain()
            sent += len(more)
            await asyncio.sleep(0.05 if len(more) < 100 else 0)

    sending = asyncio.create_task(send())
    answer = b""
    try:
        async with asyncio.timeout(10):
            while chunk := await reader.read(65536):
                answer += chunk
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return time.monotonic() - started, answer, sent


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nHost: door\r\n", b"X"),
        (b"GET / HTTP/1.1\r\nHost: door\r\n", b"X-More: x\r\n"),
        (REQUEST + b"GET /", b"x"),
    ],
    ids=["silent", "half a line", "a header by letters", "header after header", "the second request"],
)
async def test_a_head_that_does_not_end_is_given_up(address: tuple[str, int], first: bytes, more: bytes) -> None:
    seconds, answer, _ = await dribbled(address, first, more)
    assert SOON <= seconds < SHORT + 2
    assert answer.endswith(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")


@pytest.mark.parametrize("more", [b"X-More: " + b"x" * 20_000 + b"\r\n", b"x" * 30_000], ids=["headers", "one header"])
async def test_a_head_without_bound_is_cut(address: tuple[str, int], more: bytes) -> None:
    _, answer, _ = await dribbled(address, b"GET / HTTP/1.1\r\nHost: door\r\nX: ", more)
    # The answer may be lost to the bytes that were still under way.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


async def test_a_body_that_stands_still_is_given_up(address: tuple[str, int]) -> None:
    seconds, _, _ = await dribbled(address, POST + b"x", b"")
    assert SOON <= seconds < SHORT + 2


async def test_a_body_that_goes_on_is_waited_for(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(POST)
    for _ in range(5):
        await asyncio.sleep(SHORT / 2)
        writer.write(b"x" * 200_000)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_body_that_was_refused_does_not_go_on_for_ever(address: tuple[str, int]) -> None:
    seconds, answer, _ = await dribbled(address, REFUSED, b"xx")
    assert SOON <= seconds < SHORT + 2
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_connection_whose_refused_body_came_late_does_not_rest_for_ever(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(REFUSED.replace(b"1000000000", b"5"))
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    await asyncio.sleep(0.1)
    writer.write(b"12345")
    async with asyncio.timeout(SHORT + 2):
        await reader.read()
    writer.close()


async def test_an_answer_that_is_not_read_is_given_up(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address, limit=1024)
    writer.write(REQUEST.replace(b"/ ", b"/large "))
    await asyncio.sleep(SHORT * 3)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(50_000_000)
    writer.close()


async def test_an_answer_that_takes_long_is_waited_for(address: tuple[str, int]) -> None:
    async with httpx.AsyncClient(base_url="http://{}:{}".format(*address), timeout=10) as http:
        assert (await http.get("/slow")).json() == "done"
        assert (await http.get("/")).json() == "hello"


async def test_any_number_of_silent_connections_keep_nobody_out(address: tuple[str, int]) -> None:
    silent = [await asyncio.open_connection(*address) for _ in range(60)]
    busy = asyncio.create_task(httpx.AsyncClient().get("http://{}:{}/slow".format(*address), timeout=10))
    for _ in range(5):
        async with httpx.AsyncClient(timeout=5) as http:
            assert (await http.get("http://{}:{}/".format(*address))).status_code == 200
        silent += [await asyncio.open_connection(*address) for _ in range(10)]
    assert (await busy).json() == "done"
    for _, writer in silent:
        writer.close()


async def test_requests_one_behind_the_other(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(REQUEST * 3)
    for _ in range(3):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert (await reader.readuntil(b'"hello"')).endswith(b'"hello"')
    writer.close()
