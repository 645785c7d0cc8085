"""The token of a link: drawn from a key and the delivery, so that every attempt at a letter has the same, and none is kept anywhere.

A database has the token's digest only, and the letter as it is kept has a placeholder: whoever reads either of them can't answer for a
family. It has 132 bits, which nobody guesses.
"""

import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

LENGTH: Final = 22
PLACEHOLDER: Final = "TheFamilysOwnLinkHere0"
"""Stands in a letter as it is kept, where the letter that goes out has its token. It has a token's length, so that nothing is set anew."""

assert len(PLACEHOLDER) == LENGTH


class Tokens:
    """Draws tokens with the first of its keys (32 bytes in URL-safe base64), and knows those of all of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [urlsafe_b64decode(key) for key in keys]

    def new(self, delivery: uuid.UUID) -> str:
        """The token of a delivery that is written now."""
        return _drawn(self._keys[0], delivery)

    def of(self, delivery: uuid.UUID, digest: bytes | None) -> str | None:
        """The token of a delivery whose link has this digest; None where the key that it was drawn with is gone."""
        return next((token for key in self._keys if digest_of(token := _drawn(key, delivery)) == digest), None)


def digest_of(token: str) -> bytes:
    """The digest that a token is known by. A text that can't be a token has one as well: it costs the same, and is nobody's."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _drawn(key: bytes, delivery: uuid.UUID) -> str:
    return urlsafe_b64encode(hmac.digest(key, b"reply/" + delivery.bytes, "sha256")).decode()[:LENGTH]
