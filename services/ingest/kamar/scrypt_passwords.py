"""Passwords of credentials that were issued by version 0.1, hashed by scrypt: `scrypt$cost$block$parallel$salt$key`, in base64.

The first request with such a password rewrites its hash in the present form (`senders.py`). This module can go when
`SELECT FROM kamar_credentials WHERE password_hash LIKE 'scrypt$%'` finds nothing any more.
"""

import asyncio
import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_FORM: Final = "scrypt$"
_MEMORY: Final = 64 * 1024 * 1024

_HASHING: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scrypt")
"""More hashes at once would only take memory, and processors from requests that have been let in."""


def is_scrypt(stored: str) -> bool:
    """Whether a stored hash has the old form."""
    return stored.startswith(_FORM)


async def matches(password: str, stored: str) -> bool:
    """Whether the hash is this password's. Takes a tenth of a second in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, _matches, password, stored)


def _matches(password: str, stored: str) -> bool:
    _, cost, block, parallel, salt, key = stored.split("$")
    derived = hashlib.scrypt(
        password.encode("utf-8", "replace"),
        salt=base64.b64decode(salt),
        n=int(cost),
        r=int(block),
        p=int(parallel),
        maxmem=_MEMORY,
        dklen=32,
    )
    return hmac.compare_digest(derived, base64.b64decode(key))
