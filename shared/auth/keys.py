"""Keys that sign, and the list of revoked tokens: files, by default in the data folder."""

import fcntl
import json
import re
import shutil
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.files import made_once, write_whole

KEY_FILE: Final = "signing-key.pem"
RETIRED: Final = "retired-keys"
REVOKED_FILE: Final = "revoked-tokens.json"

_PEM: Final = re.compile(rb"-----BEGIN [^-]+-----.+?-----END [^-]+-----\n?", re.DOTALL)


class KeyFileError(TypeError):
    """A file holds no key that can sign."""


def signing_key(data: Path) -> Ed25519PrivateKey:
    """The key of a small set-up's own tokens, in its data folder."""
    return key_in(data / KEY_FILE)


def key_in(path: Path) -> Ed25519PrivateKey:
    """The first key in a PEM file, made on first use. Safe when several processes come first at once. Raises KeyFileError."""
    return keys_in(path)[0]


def keys_in(path: Path) -> list[Ed25519PrivateKey]:
    """All keys in a PEM file, in their order; one that is made on first use. Raises KeyFileError."""
    held = made_once(path, _new_pem)
    try:
        # A file without any is left to the library, which says so.
        keys = [serialization.load_pem_private_key(pem, password=None) for pem in _PEM.findall(held) or [held]]
    except ValueError as error:
        raise KeyFileError(f"{path} holds no PEM key") from error
    of_ours = [key for key in keys if isinstance(key, Ed25519PrivateKey)]
    if len(of_ours) < len(keys):
        raise KeyFileError(f"{path} is not an Ed25519 key")
    return of_ours


def verifying_keys(data: Path) -> list[Ed25519PublicKey]:
    """The keys whose tokens hold: the one that signs, and those that were retired and not ended yet. Raises KeyFileError."""
    return [key_in(file).public_key() for file in (data / KEY_FILE, *sorted((data / RETIRED).glob("*.pem")))]


def rotate_signing_key(data: Path, name: str) -> None:
    """Has a new key sign from now on. The one before is retired under this name: its tokens hold until `end_retired_keys`."""
    old = data / KEY_FILE
    if old.exists():
        (data / RETIRED).mkdir(exist_ok=True)
        # First there under both names, then signed with by none: no token is without its key for a moment.
        shutil.copy2(old, data / RETIRED / f"{name}.pem")
    write_whole(old, _new_pem())


def end_retired_keys(data: Path) -> int:
    """Ends the tokens of all retired keys; answers how many keys there were."""
    files = list((data / RETIRED).glob("*.pem"))
    for file in files:
        file.unlink()
    return len(files)


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
