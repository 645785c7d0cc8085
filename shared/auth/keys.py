"""Keys that sign, and the list of revoked tokens: files, by default in the data folder."""

import fcntl
import json
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.files import made_once, write_whole

KEY_FILE: Final = "signing-key.pem"
REVOKED_FILE: Final = "revoked-tokens.json"


def signing_key(data: Path) -> Ed25519PrivateKey:
    """The key of a small set-up's own tokens, in its data folder."""
    return key_in(data / KEY_FILE)


def key_in(path: Path) -> Ed25519PrivateKey:
    """The key in a PEM file, made on first use. Safe when several processes come first at once."""
    key = serialization.load_pem_private_key(made_once(path, _new_pem), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 key")
    return key


def revoked_tokens(data: Path) -> frozenset[str]:
    """The ids of tokens that no longer hold."""
    path = data / REVOKED_FILE
    return frozenset(json.loads(path.read_text())) if path.exists() else frozenset()


def revoke_token(data: Path, token_id: str) -> None:
    """Makes a self-issued token invalid; services of this data folder learn of it within seconds."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / f"{REVOKED_FILE}.lock").open("w") as lock:
        # Two at once would each read the list without the other's token.
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_whole(data / REVOKED_FILE, json.dumps(sorted(revoked_tokens(data) | {token_id})).encode())


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
