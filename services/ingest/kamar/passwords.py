"""The passwords of KAMAR's credentials: drawn here, hashed, verified.

They have 160 random bits, which nobody can try out, so one SHA-256 keeps them as safe as a slow hash would, and needs no salt: no two
are the same. A slow hash protects passwords that people choose (OWASP, Password Storage Cheat Sheet); nobody chooses these.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from typing import Final

_PASSWORD: Final = 20
_NAME: Final = 5
_FORM: Final = "sha256$"

NOBODY: Final = _FORM + "0" * 64
"""A hash that no password has: compared for unknown users, so that the time of an answer does not tell who exists."""


def new_username(school: str) -> str:
    """A name that shows whose it is, and can't be guessed from another."""
    return f"{school}-{_base32(_NAME)}"


def new_password() -> str:
    """A password of 160 bits, in letters and digits that people can type."""
    return _base32(_PASSWORD)


def derived(salt: bytes, key: str) -> str:
    """The password that was drawn for a request under a key: its random half is kept, and the key is with whoever asked."""
    return _encoded(hmac.digest(salt, key.encode(), hashlib.sha256)[:_PASSWORD])


def username_of(school: str, request: uuid.UUID) -> str:
    """The name of the credential that a request under a key makes."""
    return f"{school}-{_encoded(request.bytes[:_NAME])}"


def new_salt() -> bytes:
    """The random half of a password."""
    return secrets.token_bytes(_PASSWORD)


def hashed(password: str) -> str:
    """The password as it is stored: `sha256$` and 64 hexadecimal digits."""
    return _FORM + hashlib.sha256(password.encode("utf-8", "replace")).hexdigest()


def matches(password: str, stored: str) -> bool:
    """Whether the hash is this password's, in constant time."""
    return hmac.compare_digest(hashed(password), stored)


def _base32(size: int) -> str:
    return _encoded(secrets.token_bytes(size))


def _encoded(octets: bytes) -> str:
    return base64.b32encode(octets).decode().lower().rstrip("=")
