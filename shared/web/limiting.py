"""How many requests a client may make: a bucket for each, refilled all the time. One that is empty is answered with 429.

A client is a token, or an address where there is none. Tokens are known here by a hash that is drawn anew at each start. The headers are
those of the IETF's draft (RateLimit and RateLimit-Policy, draft-ietf-httpapi-ratelimit-headers-10).
"""

import hashlib
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import problem

WINDOW: Final = 10
"""Seconds in which a client may use all that it has at once."""

MOST_CLIENTS: Final = 10_000
"""Buckets kept; the one that was used longest ago makes room, and is full when it comes back."""

UNLIMITED: Final = ("/healthz", "/readyz", "/metrics")
"""Those who look after the process must reach it while a client floods it."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Buckets:
    """The buckets of one process. `rate` is in requests a second."""

    def __init__(self, rate: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.quota = rate * WINDOW
        self._monotonic = monotonic
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()

    def take(self, client: bytes) -> int:
        """Takes one request; answers how many are left, or -1 where there was none."""
        now = self._monotonic()
        bucket = self._buckets.pop(client, None) or _Bucket(self.quota, now)
        bucket.left = min(self.quota, bucket.left + (now - bucket.at) * self.rate)
        bucket.at = now
        self._buckets[client] = bucket
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return -1
        bucket.left -= 1
        return int(bucket.left)

    def left(self, client: bytes) -> int:
        """How many requests a client has left. It takes none."""
        bucket = self._buckets.get(client)
        return self.quota if bucket is None else int(min(self.quota, bucket.left + (self._monotonic() - bucket.at) * self.rate))

    def full_in(self, left: int) -> int:
        """The seconds until the bucket is full again."""
        return math.ceil((self.quota - max(left, 0)) / self.rate)


class RateLimits:
    """The middleware: before the door, so that a flood costs no look at a token."""

    def __init__(self, app: ASGIApp, rate: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._buckets = Buckets(rate, monotonic)
        self._policy = (b"ratelimit-policy", f'"default";q={self._buckets.quota};w={WINDOW}'.encode())
        self._salt = os.urandom(16)

    # The headers are read and written by hand: this lies on the way of a single mark.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes the request on and names what is left."""
        if scope["type"] != "http" or not self._buckets.rate or scope["path"].endswith(UNLIMITED):
            await self._app(scope, receive, send)
            return
        left = self._buckets.take(self._client(scope))
        said = f'"default";r={max(left, 0)};t={self._buckets.full_in(left)}'.encode()

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._policy, (b"ratelimit", said)]
            await send(message)

        if left < 0:
            detail = f"a client may make {self._buckets.rate} requests a second, and {self._buckets.quota} at once"
            answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, headers={"Retry-After": "1"})
            await answer(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _client(self, scope: Scope) -> bytes:
        named = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        name = named or str((scope.get("client") or ("",))[0]).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(name, key=self._salt, digest_size=16).digest()
