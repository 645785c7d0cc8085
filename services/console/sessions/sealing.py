"""A session's secret: what the cookie holds, the row's key, and the seal on the row. Pure but for randomness."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BYTES: Final = 32
NONCE: Final = 12


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The person's tokens. `rights` is a digest of what they allowed at sign-in."""

    access_token: str
    rights: str
    expires_at: float | None = None
    """When the access token has to be renewed, in seconds since 1970; None for one that lasts as long as the session."""
    refresh_token: str | None = None
    id_token: str | None = None


_decoder = msgspec.json.Decoder(Contents)


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of one session; its text is the cookie's value."""

    value: bytes

    @classmethod
    def draw(cls) -> Self:
        """A new one."""
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def read(cls, cookie: str | None) -> Self | None:
        """The secret that a cookie holds; None for no cookie, and for one that is not ours."""
        try:
            value = urlsafe_b64decode((cookie or "").encode("ascii") + b"=")
        except ValueError:
            return None
        return cls(value) if len(value) == BYTES else None

    def derived(self, purpose: str) -> bytes:
        """Another secret, which does not lead back to this one."""
        return hashlib.sha256(b"star console " + purpose.encode() + b"\0" + self.value).digest()

    def text(self) -> str:
        """The cookie's value."""
        return urlsafe_b64encode(self.value).decode().rstrip("=")

    @property
    def row(self) -> bytes:
        """The key of the session's row."""
        return self.derived("row")

    def seal(self, contents: Contents) -> bytes:
        """The contents, readable with this secret only."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self.derived("seal")).encrypt(nonce, msgspec.json.encode(contents), self.row)

    def open(self, sealed: bytes) -> Contents | None:
        """The contents; None if they were sealed with another secret, or by another release."""
        try:
            return _decoder.decode(AESGCM(self.derived("seal")).decrypt(sealed[:NONCE], sealed[NONCE:], self.row))
        except (InvalidTag, msgspec.DecodeError, ValueError):
            return None
