"""Signatures of the Standard Webhooks specification (1.0.0, symmetric): HMAC-SHA256 over `id.timestamp.body`. Pure but for new secrets."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def new_secret() -> str:
    """A secret as it is shown to the subscriber, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def can_be_signed(event_id: str) -> bool:
    """Whether an event's id can be a webhook's: a full stop in it would let two different messages have one signature."""
    return bool(_ID.fullmatch(event_id))


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the signature in base64. `timestamp` is in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def signed_headers(valid: Sequence[str], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret that is valid now, the newest first."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, event_id, timestamp, body) for secret in valid),
    }
