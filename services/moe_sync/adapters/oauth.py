"""Access tokens by OAuth 2's client credentials (RFC 6749, 4.4), kept until shortly before they end."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from shared.tls import is_certificate_fault

EARLY: Final = timedelta(seconds=30)
"""How long before its end a token counts as used up: an upload of a minute's length begins with a token that still holds."""

SHORTEST_LIFE: Final = timedelta(seconds=60)
"""For a server that does not say how long its tokens hold."""

_LONGEST_LIFE: Final = 10**7


class NoTokenError(Exception):
    """The token endpoint gave no token; the upload was not sent. `code` is short and may be logged, and says nothing of the secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """Our name and secret at the Ministry's authorisation server."""

    url: str
    client_id: str
    client_secret: str
    scope: str | None = None


class _Grant(Struct, frozen=True):
    access_token: str
    expires_in: object = None


_decoder: Final = msgspec.json.Decoder(_Grant)


@dataclass
class Tokens:
    """The access token that all uploads share."""

    client: httpx.AsyncClient
    credentials: Credentials
    monotonic: Callable[[], float] = time.monotonic
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _token: str | None = None
    _until: float = 0.0

    async def get(self) -> str:
        """A token that holds. Raises NoTokenError."""
        async with self._lock:
            if self._token is None or self.monotonic() >= self._until:
                self._token, self._until = await self._fetch()
            return self._token

    async def drop(self, token: str) -> None:
        """Forgets a token that was not believed, unless another one has taken its place."""
        async with self._lock:
            if self._token == token:
                self._token = None

    async def _fetch(self) -> tuple[str, float]:
        credentials = self.credentials
        form = {"grant_type": "client_credentials"} | ({"scope": credentials.scope} if credentials.scope else {})
        # RFC 6749, 2.3.1: name and secret are form-encoded before they go into the header.
        auth = httpx.BasicAuth(quote(credentials.client_id, safe=""), quote(credentials.client_secret, safe=""))
        try:
            response = await self.client.post(credentials.url, data=form, auth=auth, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            raise NoTokenError("certificate" if is_certificate_fault(error) else "token-unreachable") from error
        if response.is_server_error:
            raise NoTokenError("token-unreachable")
        if not response.is_success:
            # What it says is somebody else's text, and may quote the client.
            raise NoTokenError("token-refused")
        try:
            grant = _decoder.decode(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NoTokenError("token-unreadable") from error
        if not (grant.access_token and grant.access_token.isascii() and grant.access_token.isprintable()):
            raise NoTokenError("token-unreadable")
        stated = grant.expires_in
        life = timedelta(seconds=int(stated)) if isinstance(stated, (int, float)) and 0 < stated < _LONGEST_LIFE else SHORTEST_LIFE
        return grant.access_token, self.monotonic() + max(life - EARLY, timedelta(0)).total_seconds()
