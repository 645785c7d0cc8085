"""The passwords of KAMAR's credentials: drawn, hashed, verified.

`hashlib.scrypt` rather than a package for argon2 or bcrypt: it is memory-hard, comes with Python, lets go of the interpreter's lock
while it works, and its parameters stand in each hash, so that they can be raised without a migration. These are OWASP's for 16 MiB of
memory: the door hashes seldom (see `gate.py`), but may hash for several schools at once. What protects most is that passwords are
drawn here, with 160 bits, and never chosen.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
_MEMORY: Final = 64 * 1024 * 1024
_SALT: Final = 16
_PASSWORD: Final = 20
_NAME: Final = 5

NOBODY: Final = f"scrypt${_COST}${_BLOCK}${_PARALLEL}$" + "$".join(base64.b64encode(bytes(n)).decode() for n in (_SALT, 32))
"""A hash that no password has: verified for unknown users, so that the time of an answer does not tell who exists."""


def new_username(school: str) -> str:
    """A name that shows whose it is, and can't be guessed from another."""
    return f"{school}-{_base32(_NAME)}"


def new_password() -> str:
    """A password of 160 bits, in letters and digits that people can type."""
    return _base32(_PASSWORD)


def hashed(password: str) -> str:
    """The password's hash, with its salt and parameters."""
    salt = secrets.token_bytes(_SALT)
    key = _scrypt(password, salt, _COST, _BLOCK, _PARALLEL)
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def matches(password: str, stored: str) -> bool:
    """Whether the hash is this password's; takes as long for a wrong one as for the right one."""
    _, cost, block, parallel, salt, key = stored.split("$")
    tried = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(tried, base64.b64decode(key))


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    secret = password.encode("utf-8", "replace")
    return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=32)


def _base32(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode().lower().rstrip("=")
