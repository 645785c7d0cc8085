"""Signatures on transfer documents: JWS (RFC 7515), Ed25519, so that a school can trust what a family brings."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from shared.auth.keys import keys_in
from shared.set_up import SetUpError

ALGORITHM: Final = "EdDSA"
TYPE: Final = "star-transfer+jws"
"""In the signed header: no token of ours can be passed off as a document, nor a document as a token."""

MEDIA_TYPE: Final = "application/jose"

_jws: Final = jwt.PyJWS(algorithms=[ALGORITHM])


class UntrustedError(ValueError):
    """A document that is not signed by anybody known here, or was changed since."""


@dataclass(frozen=True)
class Keyring:
    """The keys of this engine, and the public keys of others that are believed, by their ids. Own documents always are.

    The first key of the file signs. Those behind it signed before, or will: what they have signed is this engine's own, too.
    """

    key_file: Path
    others: Mapping[str, Ed25519PublicKey]

    @classmethod
    def of(cls, key_file: Path, trust: Path | None = None) -> Self:
        """The key is read, or made, when it is first needed. Raises ValueError for a `trust` that is not a set of Ed25519 keys."""
        return cls(key_file, _read(trust) if trust is not None else {})

    @cached_property
    def keys(self) -> list[Ed25519PrivateKey]:
        """The keys of this engine; the first signs."""
        return keys_in(self.key_file)

    @cached_property
    def own(self) -> Mapping[str, Ed25519PublicKey]:
        """This engine's public keys, by their ids."""
        return {key_id(key.public_key()): key.public_key() for key in self.keys}

    def sign(self, payload: bytes, kind: str = TYPE) -> str:
        """The document in compact form: one line of text. `kind` is in the signed header, so that none passes for one of another kind."""
        headers = {"typ": kind, "kid": key_id(self.keys[0].public_key())}
        return _jws.encode(payload, self.keys[0], algorithm=ALGORITHM, headers=headers)

    def verify(self, document: str, kind: str = TYPE, what: str = "transfer document") -> bytes:
        """The bytes that were signed. Raises UntrustedError; `what` names the kind in its words."""
        try:
            header = jwt.get_unverified_header(document)
            if header.get("typ") != kind:
                raise UntrustedError(f"this is not a signed {what}")
            named = header.get("kid", "")
            key = self.own.get(named) or self.others.get(named)
            if key is None:
                raise UntrustedError("the document is signed with a key that is not trusted here")
            payload = _jws.decode(document, key, algorithms=[ALGORITHM])
        except jwt.InvalidSignatureError as error:
            raise UntrustedError("the signature does not fit the document: it was changed since it was signed") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            if isinstance(error, UntrustedError):
                raise
            raise UntrustedError(f"this is not a signed {what}") from error
        assert isinstance(payload, bytes)
        return payload

    def signed_here(self, document: str) -> bool:
        """Whether a document that `verify` has believed names a key of this engine."""
        return jwt.get_unverified_header(document).get("kid") in self.own

    def public_keys(self) -> dict[str, Any]:
        """The keys that documents of this engine are signed with, as a JWK set for others to trust."""
        return {"keys": [_jwk(key) | {"kid": named, "use": "sig", "alg": ALGORITHM} for named, key in self.own.items()]}


def key_id(key: Ed25519PublicKey) -> str:
    """The key's thumbprint (RFC 7638), without padding."""
    canonical = json.dumps(_jwk(key), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    jwk: dict[str, str] = OKPAlgorithm.to_jwk(key, as_dict=True)
    return {name: jwk[name] for name in ("crv", "kty", "x")}


def _read(trust: Path) -> dict[str, Ed25519PublicKey]:
    try:
        keys = [jwk.key for jwk in jwt.PyJWKSet.from_json(trust.read_text()).keys]
    except (OSError, jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
        raise SetUpError(f"{trust}: not a JWK set that can be read: correct STAR_TRANSFER_TRUST") from error
    if not all(isinstance(key, Ed25519PublicKey) for key in keys):
        raise SetUpError(f"{trust}: all keys have to be public Ed25519 keys: correct it, or STAR_TRANSFER_TRUST")
    return {key_id(key): key for key in keys}
