"""Uploads over HTTP: a POST with an idempotency key and a digest; a receipt comes back."""

import asyncio
import base64
import gzip
import hashlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

import httpx

from services.moe_sync.adapters.interface import Answer, Parcel, Refused, Unsettled
from services.moe_sync.adapters.oauth import NoTokenError, Tokens
from services.moe_sync.adapters.reading import problem_in, receipt_in
from shared.clock import Clock, utc_now
from shared.tls import is_certificate_fault
from shared.web.headers import retry_after

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


@dataclass(frozen=True, slots=True)
class Tls:
    """The authorities that we trust (a file instead of the system's), and the certificate that we show."""

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The files, read. Raises OSError or ssl.SSLError when they can't be used."""
        context = ssl.create_default_context(cafile=str(self.authorities) if self.authorities else None)
        if self.certificate is not None:
            context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        return context


TRUST_THE_SYSTEM: Final = Tls()


@asynccontextmanager
async def https_client(timeout: timedelta, tls: Tls = TRUST_THE_SYSTEM) -> AsyncIterator[httpx.AsyncClient]:
    """The client that all uploads and their tokens share, and with it their connections."""
    bounds = httpx.Timeout(timeout.total_seconds(), connect=CONNECT_TIMEOUT)
    headers = {"Accept-Encoding": "identity"}
    async with httpx.AsyncClient(timeout=bounds, verify=tls.context(), follow_redirects=False, headers=headers) as client:
        yield client


@dataclass(frozen=True, slots=True)
class _Wired:
    """The content as it goes over the wire, compressed or not, and its own headers."""

    content: bytes
    headers: Mapping[str, str]


@dataclass
class HttpsAdapter:
    """POSTs to `<url>/uploads`. With `compressed`, documents go as gzip."""

    client: httpx.AsyncClient
    url: str
    timeout: timedelta
    clock: Clock = utc_now
    tokens: Tokens | None = None
    compressed: bool = False

    async def send(self, parcel: Parcel) -> Answer:
        """Makes one attempt and reads its answer, both within the timeout."""
        wired = await asyncio.to_thread(self._wired, parcel)
        try:
            # httpx bounds each wait for bytes, not their sum: a server that drips could hold the attempt past its lease.
            async with asyncio.timeout(self.timeout.total_seconds()):
                response, body = await self._post(wired)
        except NoTokenError as error:
            return Unsettled(error.code, "the Ministry's end gave no access token", arrived=False)
        except (TimeoutError, httpx.TimeoutException) as error:
            return Unsettled("timeout", "the Ministry's end did not answer in time", arrived=_arrived(error))
        except httpx.HTTPError as error:
            if is_certificate_fault(error):
                detail = "the Ministry's end, or we, showed a certificate that is another's, expired or not trusted"
                return Unsettled("certificate", detail, arrived=_arrived(error))
            detail = f"the Ministry's end could not be reached ({type(error).__name__})"
            return Unsettled("unreachable", detail, arrived=_arrived(error))
        return self._read(response, body)

    def _wired(self, parcel: Parcel) -> _Wired:
        content, digest = parcel.body, parcel.digest
        coding: dict[str, str] = {}
        if self.compressed:
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

    async def _post(self, wired: _Wired) -> tuple[httpx.Response, bytes | None]:
        token = await self.tokens.get() if self.tokens is not None else None
        response, body = await self._post_once(wired, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED and self.tokens is not None and token is not None:
            # It may have been revoked before its time: once more with a new one.
            await self.tokens.drop(token)
            response, body = await self._post_once(wired, await self.tokens.get())
        return response, body

    async def _post_once(self, wired: _Wired, token: str | None) -> tuple[httpx.Response, bytes | None]:
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = f"{self.url.rstrip('/')}/uploads"
        async with self.client.stream("POST", url, content=wired.content, headers={**wired.headers, **bearer}) as response:
            return response, await _bounded_body(response)

    def _read(self, response: httpx.Response, body: bytes | None) -> Answer:
        status, code = response.status_code, f"http-{response.status_code}"
        answered = f"the Ministry's end answered {status}"
        if status == HTTPStatus.OK:
            # It may well have been taken: the same key brings the same answer, perhaps a readable one next time.
            return receipt_in(body or b"") or Unsettled(
                "unreadable-answer", "the Ministry's end answered 200 with something that is no receipt"
            )
        # Where tokens are asked for, a token that is not believed is the operator's matter, not the document's.
        unauthorised = status == HTTPStatus.UNAUTHORIZED and self.tokens is not None
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN and not unauthorised:
            return Refused(code, problem_in(body or b"", answered))
        pause = retry_after(response.headers.get("retry-after"), self.clock(), shortest=SHORTEST_PAUSE, longest=LONGEST_PAUSE)
        return Unsettled(code, problem_in(body or b"", answered), pause, arrived=False if status in NOT_TAKEN else None)


def _arrived(error: Exception) -> Literal[False] | None:
    """Whether the upload is there after this error: certainly not, or nobody knows."""
    return False if isinstance(error, NOT_CONNECTED) else None


async def _bounded_body(response: httpx.Response) -> bytes | None:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_ANSWER:
            return None
    return bytes(body)
