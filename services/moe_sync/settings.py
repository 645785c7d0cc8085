"""The weekly upload's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, Self

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.roster.week import Closing
from shared.settings import Settings

SCHEMA: Final = "moe_sync"
"""The schema of the service's tables."""


class MoeSyncSettings(Settings):
    """The upload's addresses, windows and bounds."""

    ministry_url: str = ""
    """Uploads are POSTed to `<this>/uploads`. If no adapter is set up, uploads are built and wait for one, or for a person."""

    ministry_adapter: Literal["", "https", "sftp", "folder"] = ""
    """The adapter of schools that have chosen none. Empty: `https` if there is a URL, else `folder`."""

    ministry_token_url: str = ""
    """Token endpoint (OAuth 2, client credentials); empty if the Ministry's end asks for no token."""

    ministry_client_id: str = ""
    """The client id that the token endpoint knows the engine by."""

    ministry_client_secret: SecretStr = SecretStr("")
    """The secret that proves the client id."""

    ministry_scope: str = ""
    """The scope to ask for, if there is one."""

    ministry_ca: Path | None = None
    """PEM file of the authorities to trust for the Ministry's end, instead of the system's."""

    ministry_certificate: Path | None = None
    """PEM file of our client certificate (mutual TLS), with its chain."""

    ministry_key: Path | None = None
    """PEM file of its key, if the certificate's file does not have it."""

    ministry_gzip: bool = False
    """Whether uploads are compressed on their way."""

    ministry_sftp_url: str = ""
    """`sftp://user@host:22`."""

    ministry_sftp_key: Path | None = None
    """File of the private key with which the engine signs in to the SFTP server."""

    ministry_sftp_host_key: str = ""
    """The one key of the SFTP server that is trusted, as in `ssh-ed25519 AAAA...`."""

    ministry_sftp_inbox: str = "inbox"
    """The server's folder that uploads are written to."""

    ministry_sftp_outbox: str = "outbox"
    """The server's folder in which receipts appear."""

    ministry_folder: Path | None = None
    """Folder for uploads by hand; without one they can only be downloaded."""

    window_closes: str = "friday 18:00"
    """The time at which a week's window closes, on each school's own clock, unless the school has chosen another."""

    event_lag: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(0), le=timedelta(hours=1))
    """How long after its close, and after the start of a worker, a window is built. By then the events from before the close have arrived:
    they take well under a second, and a backlog of minutes after an outage is read in seconds."""

    upload_timeout: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(seconds=1), le=timedelta(minutes=10))
    """The bound on one attempt. A large school's term is some 3 MB; an attempt of more than a minute hangs."""

    upload_concurrency: int = Field(default=40, ge=1, le=50)
    """Uploads under way at once, at most. It begins with four and takes as many as the other side, which is a public service, answers well:
    2,500 schools, each answered after two seconds, take two minutes and a half."""

    upload_retention: timedelta = Field(default=timedelta(days=2557), ge=timedelta(days=366), le=timedelta(days=36_500))
    """How long uploads and their certificates are kept: seven years, as long as registers."""

    @property
    def closing(self) -> Closing:
        """`window_closes`, read."""
        return Closing.parse(self.window_closes)

    @property
    def default_adapter(self) -> AdapterName:
        """The way of schools that have chosen none."""
        return self.ministry_adapter or ("https" if self.ministry_url else "folder")

    @property
    def adapters(self) -> frozenset[AdapterName]:
        """The adapters that these settings set up. `folder`, a person, is always there."""
        adapters: set[AdapterName] = {"folder"}
        if self.ministry_url:
            adapters.add("https")
        if self.ministry_sftp_url:
            adapters.add("sftp")
        return frozenset(adapters)

    @field_validator("ministry_ca", "ministry_certificate", "ministry_key", "ministry_sftp_key", "ministry_folder", mode="before")
    @classmethod
    def _no_path(cls, path: object) -> object:
        return path or None

    @model_validator(mode="after")
    def _check(self) -> Self:
        Closing.parse(self.window_closes)
        for name in ("ministry_url", "ministry_token_url"):
            text = getattr(self, name)
            if text:
                _check_url(name, text)
        if self.ministry_token_url and not (self.ministry_client_id and self.ministry_client_secret.get_secret_value()):
            raise ValueError("STAR_MINISTRY_TOKEN_URL needs STAR_MINISTRY_CLIENT_ID and STAR_MINISTRY_CLIENT_SECRET")
        if self.ministry_key and not self.ministry_certificate:
            raise ValueError("STAR_MINISTRY_KEY needs STAR_MINISTRY_CERTIFICATE")
        if self.ministry_sftp_url and not (self.ministry_sftp_key and self.ministry_sftp_host_key):
            raise ValueError("STAR_MINISTRY_SFTP_URL needs STAR_MINISTRY_SFTP_KEY and STAR_MINISTRY_SFTP_HOST_KEY")
        if self.ministry_adapter and self.ministry_adapter not in self.adapters:
            raise ValueError("STAR_MINISTRY_ADAPTER names a way that is not set up")
        return self


def _check_url(name: str, text: str) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"STAR_{name.upper()} is not a URL") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"STAR_{name.upper()} begins with http:// or https:// and a host")
