"""The console's settings."""

from datetime import timedelta
from typing import Final, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from shared.settings import Settings, WebAddress

SCHEMA: Final = "console"
"""The schema of the service's tables."""


class ConsoleSettings(Settings):
    """The console's address, the four APIs, the sign-in, and how long a session lasts."""

    console_url: WebAddress = ""
    """The address under which browsers reach the console's host, as in `https://star.example.nz`. Empty: the address that the request
    names. With `https`, cookies are bound to the host."""

    console_ingest_url: WebAddress = "http://127.0.0.1:8001"
    """Base address of ingest's API. In one process the console asks the app itself."""

    console_thresholds_url: WebAddress = "http://127.0.0.1:8002"
    """Base address of the thresholds' API."""

    console_notifier_url: WebAddress = "http://127.0.0.1:8003"
    """Base address of the notifier's API."""

    console_moe_sync_url: WebAddress = "http://127.0.0.1:8004"
    """Base address of the upload's API."""

    console_client_id: str = ""
    """The client id that the OIDC issuer (`STAR_OIDC_ISSUER`) knows the console by; empty if people sign in by one-time links only."""

    console_client_secret: SecretStr = SecretStr("")
    """The secret that proves the client id; empty for a public client, which PKCE alone protects."""

    console_oidc_scopes: str = "openid profile offline_access"
    """The scopes to ask the issuer for, separated by blanks. Add those that bring the engine's own claims."""

    console_oidc_resource: str = ""
    """The resource (RFC 8707) that access tokens are to be for, where the issuer asks for one to make them JWTs of `STAR_OIDC_AUDIENCE`."""

    console_idle: timedelta = Field(default=timedelta(hours=2), ge=timedelta(minutes=1), le=timedelta(hours=24))
    """A session that nobody used for so long ends: a lesson and a break, not an afternoon."""

    console_longest: timedelta = Field(default=timedelta(hours=12), ge=timedelta(minutes=5), le=timedelta(hours=24))
    """A session ends after so long, used or not: a working day."""

    console_patience: timedelta = Field(default=timedelta(seconds=8), ge=timedelta(seconds=1), le=timedelta(seconds=60))
    """How long a page waits for a part. Parts answer in milliseconds; a page without one is better than none."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach the console over TLS."""
        return self.console_url.startswith("https://")

    @property
    def issuer_origin(self) -> str:
        """The host that a form which signs out may lead on to; empty without an issuer. A path would allow that path alone."""
        url = httpx.URL(self.oidc_issuer)
        return f"{url.scheme}://{url.netloc.decode()}" if self.oidc_issuer else ""

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.console_client_id and not self.oidc_issuer:
            raise ValueError("STAR_CONSOLE_CLIENT_ID needs STAR_OIDC_ISSUER")
        return self
