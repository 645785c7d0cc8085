"""Uploads over HTTP: a POST with an idempotency key and a digest, a receipt back; large ones in chunks that go on after a break."""

import asyncio
import base64
import gzip
import hashlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from services.moe_sync.adapters.interface import Answer, Parcel, Refused, Unsettled
from services.moe_sync.adapters.oauth import NoTokenError, Tokens
from services.moe_sync.adapters.reading import problem_in, receipt_in
from services.moe_sync.adapters.sessions import Session, SessionsUnknownError, Stopped
from shared.clock import Clock, utc_now
from shared.web.retry_after import retry_after

AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Client errors that pass by themselves. 409 is what a server says while it still works on the same key."""

NOT_TAKEN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers after which the upload is certainly not there, if it was not before."""

NOT_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

SHORTEST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
"""Bounds on what Retry-After can ask of us: no storm of attempts, and no upload forgotten over a mistyped date."""

CONNECT_TIMEOUT: Final = 10.0
MOST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of an answer: tens of thousands of rejects with their reasons."""

MOST_BREAKS: Final = 3
"""Breaks after which a large upload rests until its next attempt."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom we trust (a file of authorities instead of the system's), and who we say we are."""

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The files, read. Raises OSError or ssl.SSLError when they can't be used."""
        context = ssl.create_default_context(cafile=str(self.authorities) if self.authorities else None)
        if self.certificate is not None:
            context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        return context


@dataclass(frozen=True, slots=True)
class Manner:
    """How documents go over the wire. Beyond `chunk_above` bytes they go in chunks of `chunk` bytes; 0 is never."""

    gzip: bool = False
    chunk_above: int = 0
    chunk: int = 1024 * 1024


PLAIN: Final = Manner()
TRUST_THE_SYSTEM: Final = Tls()


def http_options(timeout: timedelta, tls: Tls) -> dict[str, object]:
    """What every client for the Ministry's end is made with."""
    return {"timeout": httpx.Timeout(timeout.total_seconds(), connect=CONNECT_TIMEOUT), "verify": tls.context(), "follow_redirects": False}


@asynccontextmanager
async def https_client(timeout: timedelta, tls: Tls = TRUST_THE_SYSTEM) -> AsyncIterator[httpx.AsyncClient]:
    """The client that all uploads share, and with it their connections."""
    bounds = httpx.Timeout(timeout.total_seconds(), connect=CONNECT_TIMEOUT)
    async with httpx.AsyncClient(
        timeout=bounds, verify=tls.context(), follow_redirects=False, headers={"Accept-Encoding": "identity"}
    ) as client:
        yield client


@dataclass(frozen=True, slots=True)
class _Wired:
    """The content as it goes over the wire, compressed or not, and its own headers."""

    content: bytes
    headers: Mapping[str, str]


@dataclass
class HttpsAdapter:
    """Sends to `<url>/uploads`, large documents to `<url>/upload-sessions`."""

    client: httpx.AsyncClient
    url: str
    timeout: timedelta
    clock: Clock = utc_now
    tokens: Tokens | None = None
    manner: Manner = PLAIN
    _base: str = field(init=False)

    def __post_init__(self) -> None:
        self._base = self.url.rstrip("/")

    async def send(self, parcel: Parcel) -> Answer:
        """Makes one attempt and reads its answer, both within the timeout."""
        wired = await asyncio.to_thread(self._wired, parcel)
        progress = Session("", 0)
        try:
            # httpx bounds each wait for bytes, not their sum: a server that drips could hold the attempt past its lease.
            async with asyncio.timeout(self.timeout.total_seconds()):
                if 0 < self.manner.chunk_above < len(wired.content):
                    try:
                        return await self._in_chunks(parcel, wired, progress)
                    except SessionsUnknownError:
                        # The other end does not know them: it has to take the whole at once.
                        pass
                response, body = await self._exchange("POST", f"{self._base}/uploads", wired.headers, wired.content)
        except NoTokenError as error:
            return Unsettled(error.code, "the Ministry's end gave no access token", arrived=False)
        except (TimeoutError, httpx.TimeoutException) as error:
            going = progress.moved and not progress.finalising
            return Unsettled(
                "timeout",
                "the Ministry's end did not answer in time",
                SHORTEST_PAUSE if going else None,
                arrived=False if going or isinstance(error, NOT_CONNECTED) else None,
            )
        except httpx.HTTPError as error:
            unsent = isinstance(error, NOT_CONNECTED) or (progress.opened and not progress.finalising)
            return Unsettled(
                "unreachable",
                f"the Ministry's end could not be reached ({type(error).__name__})",
                arrived=False if unsent else None,
            )
        return self._read(response, body)

    def _wired(self, parcel: Parcel) -> _Wired:
        content, digest = parcel.body, parcel.digest
        coding: dict[str, str] = {}
        if self.manner.gzip:
            # Without a time in it, the same document makes the same bytes.
            content = gzip.compress(parcel.body, mtime=0)
            digest = hashlib.sha256(content).digest()
            coding = {"Content-Encoding": "gzip"}
        headers = {
            "Content-Type": parcel.content_type,
            "Idempotency-Key": parcel.key,
            "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
            **coding,
        }
        return _Wired(content, headers)

    async def _in_chunks(self, parcel: Parcel, wired: _Wired, session: Session) -> Answer:
        """Raises SessionsUnknownError when the other end takes documents whole only."""
        opened = await self._exchange("POST", f"{self._base}/upload-sessions", wired.headers, session.opening(wired.content))
        if (stopped := session.begin(opened[0].status_code, opened[1])) is not None:
            return self._stopped(stopped, *opened)
        url, size, breaks = f"{self._base}/upload-sessions/{session.id}", len(wired.content), 0
        while session.offset < size:
            piece = wired.content[session.offset : session.offset + self.manner.chunk]
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"bytes {session.offset}-{session.offset + len(piece) - 1}/{size}",
            }
            try:
                response, body = await self._exchange("PUT", url, headers, piece)
            except httpx.HTTPError:
                breaks += 1
                if breaks > MOST_BREAKS:
                    raise
                # How much of it came through, only the other end knows.
                response, body = await self._exchange("GET", url, {}, b"")
            if (stopped := session.go_on(response.status_code, body)) is not None:
                return self._stopped(stopped, response, body)
        session.finalising = True
        return self._read(*await self._exchange("POST", f"{url}/finalise", {"Idempotency-Key": parcel.key}, b""))

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> tuple[httpx.Response, bytes | None]:
        token = await self.tokens.get() if self.tokens is not None else None
        response, body = await self._once(method, url, headers, content, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED and self.tokens is not None and token is not None:
            # It may have been revoked before its time: once more with a new one.
            await self.tokens.drop(token)
            response, body = await self._once(method, url, headers, content, await self.tokens.get())
        return response, body

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, token: str | None
    ) -> tuple[httpx.Response, bytes | None]:
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.client.stream(method, url, content=content, headers={**headers, **bearer}) as response:
            return response, await _bounded_body(response)

    def _stopped(self, stopped: Stopped, response: httpx.Response, body: bytes | None) -> Answer:
        if stopped == "again":
            return Unsettled("session-lost", "the Ministry's end lost what had been sent in chunks", SHORTEST_PAUSE, arrived=False)
        answer = self._read(response, body)
        if isinstance(answer, Unsettled):
            return Unsettled(answer.code, answer.detail, answer.after, arrived=False)
        if isinstance(answer, Refused):
            return answer
        return Unsettled("unreadable-answer", "the Ministry's end answered a chunk with something else", arrived=False)

    def _read(self, response: httpx.Response, body: bytes | None) -> Answer:
        status, code = response.status_code, f"http-{response.status_code}"
        said = f"the Ministry's end answered {status}"
        if status == HTTPStatus.OK:
            # It may well have been taken: the same key brings the same answer, perhaps a readable one next time.
            return receipt_in(body or b"") or Unsettled(
                "unreadable-answer", "the Ministry's end answered 200 with something that is no receipt"
            )
        # Where tokens are asked for, one that is not believed is the matter of whoever runs this, not of the document.
        unauthorised = status == HTTPStatus.UNAUTHORIZED and self.tokens is not None
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN and not unauthorised:
            return Refused(code, problem_in(body or b"", said))
        pause = retry_after(response.headers.get("retry-after"), self.clock(), shortest=SHORTEST_PAUSE, longest=LONGEST_PAUSE)
        return Unsettled(code, problem_in(body or b"", said), pause, arrived=False if status in NOT_TAKEN else None)


async def _bounded_body(response: httpx.Response) -> bytes | None:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_ANSWER:
            return None
    return bytes(body)
