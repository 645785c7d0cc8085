"""Access tokens by OAuth 2's client credentials (RFC 6749, 4.4), kept until shortly before they end."""

import asyncio
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from shared.clock import Clock, utc_now

EARLY: Final = timedelta(seconds=30)
"""How long before its end a token counts as used up: an upload of a minute's length begins with one that still holds."""

SHORTEST_LIFE: Final = timedelta(seconds=60)
"""For a server that does not say how long its tokens hold."""


class NoTokenError(Exception):
    """The token endpoint gave no token; the upload was not sent. `code` is short and may be logged, and says nothing of the secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Ministry's authorisation server knows us by."""

    url: str
    client_id: str
    client_secret: str
    scope: str | None = None


class Tokens:
    """The access token that all uploads share."""

    def __init__(self, credentials: Credentials, http: Any, clock: Clock = utc_now) -> None:
        """`http` are the options of the HTTP client: its timeout and its TLS."""
        from authlib.deprecate import AuthlibDeprecationWarning  # noqa: PLC0415

        with warnings.catch_warnings():
            # It says which HTTP library it means to use one day.
            warnings.simplefilter("ignore", AuthlibDeprecationWarning)
            from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError  # noqa: PLC0415
        self._refused = OAuthError
        self._client = AsyncOAuth2Client(credentials.client_id, credentials.client_secret, scope=credentials.scope, **http)
        self._url = credentials.url
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until: datetime | None = None

    async def get(self) -> str:
        """A token that holds. Raises NoTokenError."""
        async with self._lock:
            if self._token is None or self._until is None or self._clock() >= self._until:
                self._token, self._until = await self._fetch()
            return self._token

    async def drop(self, token: str) -> None:
        """Forgets a token that was not believed, unless another one has taken its place."""
        async with self._lock:
            if self._token == token:
                self._token = None

    async def close(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()

    async def _fetch(self) -> tuple[str, datetime]:
        try:
            said = await self._client.fetch_token(self._url, grant_type="client_credentials")
        except self._refused as error:
            # Its description is somebody else's text, and may quote the client.
            raise NoTokenError("token-refused") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise NoTokenError("token-unreachable") from error
        except ValueError as error:
            raise NoTokenError("token-unreadable") from error
        token = said.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NoTokenError("token-unreadable")
        lasts = said.get("expires_in")
        life = timedelta(seconds=int(lasts)) if isinstance(lasts, (int, float)) and 0 < lasts < 10**7 else SHORTEST_LIFE
        return token, self._clock() + max(life - EARLY, timedelta(0))
