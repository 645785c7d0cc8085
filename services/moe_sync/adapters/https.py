"""Uploads over HTTP: a POST with an idempotency key and a digest, a receipt back."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Literal

import httpx
import msgspec
from msgspec import Struct

from services.moe_sync.adapters.interface import Answer, Parcel, Received, Refused, Rejected, Unsettled
from services.moe_sync.document import CONTENT_TYPE
from shared.clock import Clock, utc_now

AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Client errors that pass by themselves. 409 is what a server says while it still works on the same key."""

SHORTEST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
"""Bounds on what Retry-After can ask of us: no storm of attempts, and no upload forgotten over a mistyped date."""

CONNECT_TIMEOUT: Final = 10.0
MOST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of an answer: tens of thousands of rejects with their reasons."""

LONGEST_TEXT: Final = 500


class _Reject(Struct, frozen=True):
    item: str
    reason: str


class _Answer(Struct, frozen=True):
    receipt: str
    status: Literal["accepted", "partly-accepted"]
    rejects: list[_Reject] = []


class _Error(Struct, frozen=True):
    pointer: str = ""
    detail: str = ""


class _Problem(Struct, frozen=True):
    title: str = ""
    detail: str = ""
    errors: list[_Error] = []


_answer_decoder: Final = msgspec.json.Decoder(_Answer)
_problem_decoder: Final = msgspec.json.Decoder(_Problem)


@asynccontextmanager
async def https_client(timeout: timedelta) -> AsyncIterator[httpx.AsyncClient]:
    """The client that all uploads share, and with it their connections."""
    bounds = httpx.Timeout(timeout.total_seconds(), connect=CONNECT_TIMEOUT)
    async with httpx.AsyncClient(timeout=bounds, follow_redirects=False, headers={"Accept-Encoding": "identity"}) as client:
        yield client


class HttpsAdapter:
    """Sends to `<url>/uploads`."""

    def __init__(self, client: httpx.AsyncClient, url: str, timeout: timedelta, clock: Clock = utc_now) -> None:
        self._client = client
        self._url = url.rstrip("/") + "/uploads"
        self._timeout = timeout.total_seconds()
        self._clock = clock

    async def send(self, parcel: Parcel) -> Answer:
        """Makes one attempt and reads its answer, both within the timeout."""
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Idempotency-Key": parcel.key,
            "Content-Digest": f"sha-256=:{base64.b64encode(parcel.digest).decode()}:",
        }
        try:
            # httpx bounds each wait for bytes, not their sum: a server that drips could hold the attempt past its lease.
            async with asyncio.timeout(self._timeout):
                async with self._client.stream("POST", self._url, content=parcel.body, headers=headers) as response:
                    body = await _bounded_body(response)
        except (TimeoutError, httpx.TimeoutException):
            return Unsettled("timeout", "the Ministry's end did not answer in time")
        except httpx.HTTPError as error:
            return Unsettled("unreachable", f"the Ministry's end could not be reached ({type(error).__name__})")
        return self._read(response, body)

    def _read(self, response: httpx.Response, body: bytes | None) -> Answer:
        status, code = response.status_code, f"http-{response.status_code}"
        if status == HTTPStatus.OK:
            return _received(body)
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN:
            return Refused(code, _words(response, body))
        return Unsettled(code, _words(response, body), self._pause(response.headers.get("retry-after")))

    def _pause(self, retry_after: str | None) -> timedelta | None:
        """What a Retry-After asks for, in seconds or as a date, within our bounds; None for none that can be read."""
        if retry_after is None:
            return None
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            # More digits than any sensible number of seconds would overflow on the way to the bound.
            pause = timedelta(seconds=int(text)) if len(text) < 8 else LONGEST_PAUSE
        else:
            try:
                pause = parsedate_to_datetime(text) - self._clock()
            except (ValueError, TypeError):
                return None
        return min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)


async def _bounded_body(response: httpx.Response) -> bytes | None:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_ANSWER:
            return None
    return bytes(body)


def _received(body: bytes | None) -> Answer:
    try:
        answer = _answer_decoder.decode(body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        # It may well have been taken: the same key brings the same answer, perhaps a readable one next time.
        return Unsettled("unreadable-answer", "the Ministry's end answered 200 with something that is no receipt")
    rejects = tuple(Rejected(_bounded(reject.item), _bounded(reject.reason)) for reject in answer.rejects)
    return Received(_bounded(answer.receipt), "partly-accepted" if rejects else answer.status, rejects)


def _words(response: httpx.Response, body: bytes | None) -> str:
    """What the answer says of itself where it is a problem (RFC 9457), else only its status."""
    said = f"the Ministry's end answered {response.status_code}"
    try:
        problem = _problem_decoder.decode(body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return said
    errors = "; ".join(f"{error.pointer} {error.detail}".strip() for error in problem.errors)
    return _bounded(": ".join(part for part in (said, problem.title, problem.detail, errors) if part))


def _bounded(text: str) -> str:
    """Short enough to show, on one line: a text of somebody else's, which the database has to take."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean if len(clean) <= LONGEST_TEXT else clean[: LONGEST_TEXT - 1] + "…"
