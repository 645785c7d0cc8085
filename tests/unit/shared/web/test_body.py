"""Request bodies: bounded on the wire and after decompression, and never read by halves."""

import gzip
import random
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from shared.web.body import read_body
from shared.web.problems import install_problem_handlers

LIMIT = 100_000
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/")
    async def echo(request: Request) -> Response:
        return Response(await read_body(request, LIMIT), media_type="application/octet-stream")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        yield client


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def problem(client: httpx.AsyncClient, body: bytes | AsyncIterator[bytes], headers: dict[str, str]) -> tuple[int, str]:
    answer = await client.post("/", content=body, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:nz-star:problem:")


def bodies() -> Iterator[bytes]:
    yield b""
    yield b"x"
    yield random.Random(7).randbytes(LIMIT)
    yield b"0" * LIMIT


@pytest.mark.parametrize("body", list(bodies()), ids=["empty", "short", "noise", "zeros"])
@pytest.mark.parametrize("size", [1_000, 1_000_000])
async def test_a_body_within_the_limit_is_read_whole(client: httpx.AsyncClient, body: bytes, size: int) -> None:
    answer = await client.post("/", content=in_pieces(body, size))
    assert answer.content == body


@pytest.mark.parametrize("body", list(bodies()), ids=["empty", "short", "noise", "zeros"])
@pytest.mark.parametrize("size", [1, 7, 1_000_000])
async def test_a_compressed_body_is_read_whole_however_it_arrives(client: httpx.AsyncClient, body: bytes, size: int) -> None:
    packed = gzip.compress(body)
    if len(packed) > LIMIT:
        body = body[: LIMIT // 2]
        packed = gzip.compress(body)
    pieces = in_pieces(packed, size if len(packed) < 1_000 else size * 1_000)
    answer = await client.post("/", content=pieces, headers={"Content-Encoding": "GZip"})
    assert answer.content == body


async def test_a_longer_body_is_refused_by_what_it_declares_before_it_is_read(client: httpx.AsyncClient) -> None:
    assert await problem(client, b"x" * (LIMIT + 1), {}) == (413, "too-large")


async def test_a_longer_body_is_refused_as_it_arrives(client: httpx.AsyncClient) -> None:
    assert await problem(client, in_pieces(b"x" * (LIMIT + 1), 1_000), {}) == (413, "too-large")
    assert await problem(client, in_pieces(random.Random(7).randbytes(LIMIT + 1), 1_000), GZIP) == (400, "damaged-gzip")


@pytest.mark.parametrize("declared", ["-1", "\u00b2", "many", "", "0x5", "1_000"])
async def test_a_length_that_is_none_is_not_believed(client: httpx.AsyncClient, declared: str) -> None:
    answer = await client.post("/", content=in_pieces(b"x", 1), headers={"Content-Length": declared.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.content == b"x"


@pytest.mark.parametrize("bomb", [gzip.compress(b"0" * (LIMIT + 1)), gzip.compress(b"0" * 50_000_000)], ids=["one more", "a thousandfold"])
async def test_a_body_that_expands_past_the_limit_is_refused(client: httpx.AsyncClient, bomb: bytes) -> None:
    assert len(bomb) < LIMIT
    assert await problem(client, bomb, GZIP) == (413, "too-large")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        zlib.compress(b"x"),
        gzip.compress(b"x" * 1_000)[:-1],
        gzip.compress(b"x" * 1_000)[:15],
        gzip.compress(b"x")[:-8] + b"\0" * 8,
        gzip.compress(b"x") + b"y",
        gzip.compress(b"x") + gzip.compress(b"y"),
        gzip.compress(b"x") + b"\0",
    ],
    ids=["empty", "not gzip", "zlib", "without its end", "cut", "wrong sum", "bytes after it", "two members", "padded"],
)
@pytest.mark.parametrize("size", [1, 1_000])
async def test_a_damaged_body_is_refused(client: httpx.AsyncClient, body: bytes, size: int) -> None:
    assert await problem(client, in_pieces(body, size), GZIP) == (400, "damaged-gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
async def test_other_encodings_are_refused(client: httpx.AsyncClient, encoding: str) -> None:
    assert await problem(client, b"x", {"Content-Encoding": encoding}) == (415, "unsupported-encoding")


async def test_a_length_with_more_digits_than_python_reads_is_too_long(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=in_pieces(b"x", 1), headers={"Content-Length": "9" * 5_000})
    assert answer.status_code == 413


async def test_a_bomb_is_given_up_long_before_the_limit(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.body.FREE_EXPANSION", 1_000)
    assert await problem(client, gzip.compress(b"0" * 90_000), GZIP) == (413, "too-large")
    # What is merely alike passes.
    rolls = b"".join(b'{"student": "%d", "date": "2026-10-13", "session": "AM", "code": "P"}\n' % number for number in range(1_000))
    assert (await client.post("/", content=gzip.compress(rolls), headers=GZIP)).content == rolls
