"""Webhook secrets at rest: encrypted, as every request has to be signed with the secret itself and no hash of it would do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.files import made_once

KEY_FILE: Final = "secrets.key"


class WrongKeyError(Exception):
    """No key that this process has opens a kept secret: set STAR_SECRETS_KEY to the key it was sealed with."""


class Vault:
    """Seals secrets with the first of its keys, and opens what any of them has sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> bytes:
        """The secret as it is kept."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret itself. Raises WrongKeyError."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise WrongKeyError from error


def parse_keys(text: str) -> list[str]:
    """Keys separated by commas, the one to seal with first. Raises ValueError, which does not quote them."""
    keys = text.replace(",", " ").split()
    try:
        for key in keys:
            Fernet(key)
    except ValueError as error:
        raise ValueError("a key is 32 bytes in URL-safe base64") from error
    return keys


def keys_of(keys: str, data: Path) -> list[str]:
    """These keys, or, without any, the data folder's own, made on first use."""
    return parse_keys(keys) or [made_once(data / KEY_FILE, Fernet.generate_key).decode().strip()]


def open_vault(keys: str, data: Path) -> Vault:
    """A vault with the keys of `keys_of`."""
    return Vault(keys_of(keys, data))
