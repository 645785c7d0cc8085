"""Bearer tokens: JWTs, self-issued with an Ed25519 key or from any OIDC issuer."""

import asyncio
import math
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.auth.claims import OWN_CLAIMS, Claims
from shared.auth.issued import note_used
from shared.auth.keys import revoked_tokens, signing_key, verifying_keys
from shared.auth.principal import Part, Principal, Role
from shared.identifiers import school_number
from shared.tls import is_certificate_fault
from shared.web.errors import ProblemError
from shared.web.headers import bearer_token

log = structlog.get_logger()

SELF_ISSUER: Final = "star"
AUDIENCE: Final = "star"
ALGORITHMS: Final = ("EdDSA", "ES256", "RS256", "PS256")
LEEWAY: Final = timedelta(seconds=30)
CACHED_TOKENS: Final = 1_000
CACHED_FOR: Final = 5.0
"""Seconds for which a verified token is believed without another look; the longest that a revocation takes to hold."""

JWKS_FOR: Final = 600.0
"""Seconds after which the issuer's keys are fetched again, known or not: a key that was withdrawn holds no longer."""

JWKS_RETRY: Final = 10.0
"""Seconds between two fetches at least, whatever keys tokens name; the longest that a new key waits to be known."""

HTTP_TIMEOUT: Final = 5.0


def issue_token(
    key: Ed25519PrivateKey,
    *,
    subject: str,
    scopes: Sequence[str],
    schools: Sequence[str],
    now: datetime,
    valid_for: timedelta,
    role: Role | None = None,
    groups: Sequence[str] = (),
) -> str:
    """A signed token. `schools` holds school numbers, or `*` alone for all.

    `role` and `groups` are a member of staff's: what they do, and the groups (`10A`) or year levels (`year:10`) that they look after;
    without any, the whole school. Raises ValueError for a bad school number or year level.
    """
    Part.parse(frozenset(groups))
    claims: dict[str, Any] = {
        "iss": SELF_ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "jti": str(uuid.uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((now + valid_for).timestamp()),
        "scope": " ".join(scopes),
        "schools": "*" if list(schools) == ["*"] else [school_number(school) for school in schools],
    }
    if role is not None:
        claims["role"] = role
    if groups:
        claims["groups"] = list(groups)
    return jwt.encode(claims, key, algorithm="EdDSA")


def claims_in(token: str) -> dict[str, Any]:
    """The claims of a token that was made here a moment ago, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


class KeySource(Protocol):
    """Finds the key that a token says it is signed with."""

    async def claims(self, token: str) -> dict[str, Any]:
        """The verified claims. Raises jwt.InvalidTokenError."""


class LocalKeys:
    """Tokens signed with the data folder's key, or with one that was retired and not ended yet; the folder is looked at for each token."""

    def __init__(self, data: Path) -> None:
        self._data = data
        # Made now, and not with the first request; a file that holds no key ends the start.
        signing_key(data)

    async def claims(self, token: str) -> dict[str, Any]:
        """Verifies the signature, dates, issuer, audience, and that the token was not revoked."""
        claims = self._decoded(token)
        if claims["jti"] in revoked_tokens(self._data):
            raise jwt.InvalidTokenError("revoked")
        note_used(self._data, claims)
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        *others, last = verifying_keys(self._data)
        for key in others:
            with suppress(jwt.InvalidSignatureError):
                return _decode(token, key, issuer=SELF_ISSUER, audience=AUDIENCE)
        return _decode(token, last, issuer=SELF_ISSUER, audience=AUDIENCE)


class OidcKeys:
    """Tokens of an OIDC issuer, whose keys are found through its discovery document and fetched again when they rotate."""

    def __init__(self, issuer: str, audience: str, client: httpx.AsyncClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._audience = audience
        self._client = client
        self._monotonic = monotonic
        self._keys: jwt.PyJWKSet | None = None
        self._fresh_until = -math.inf
        self._next_fetch = -math.inf
        self._fetching = asyncio.Lock()

    async def claims(self, token: str) -> dict[str, Any]:
        """Verifies the signature, dates, issuer and audience."""
        key_id = jwt.get_unverified_header(token).get("kid")
        if self._find(key_id) is None or self._monotonic() >= self._fresh_until:
            # One asks the issuer, and the others wait for what it hears; a token with a made-up key makes nobody ask more often.
            async with self._fetching:
                if self._monotonic() >= self._next_fetch and (self._find(key_id) is None or self._monotonic() >= self._fresh_until):
                    await self._fetch()
        if self._keys is None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "issuer-unavailable", "tokens can't be verified now")
        key = self._find(key_id)
        if key is None:
            raise jwt.InvalidTokenError("unknown key")
        return _decode(token, key.key, issuer=self._issuer, audience=self._audience)

    def _find(self, key_id: str | None) -> jwt.PyJWK | None:
        keys = self._keys.keys if self._keys is not None else []
        return next((key for key in keys if key.key_id == key_id), None)

    async def _fetch(self) -> None:
        try:
            discovery = await self._client.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration", timeout=HTTP_TIMEOUT)
            discovery.raise_for_status()
            keys = await self._client.get(discovery.json()["jwks_uri"], timeout=HTTP_TIMEOUT)
            keys.raise_for_status()
            self._keys = jwt.PyJWKSet.from_dict(keys.json())
            self._fresh_until = self._monotonic() + JWKS_FOR
        except (httpx.HTTPError, httpx.InvalidURL, AttributeError, KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
            # The keys known so far hold on.
            if is_certificate_fault(error):
                log.error("auth.issuer_certificate", fix="the issuer's certificate is another's, expired or not trusted here")
            else:
                log.warning("auth.issuer_unavailable", error=type(error).__name__)
        self._next_fetch = self._monotonic() + JWKS_RETRY


class TokenVerifier:
    """Turns an Authorization header into a Principal, remembering tokens it has verified for a few seconds."""

    def __init__(self, keys: KeySource, monotonic: Callable[[], float] = time.monotonic, claims: Claims = OWN_CLAIMS) -> None:
        self._keys = keys
        self._claims = claims
        self._monotonic = monotonic
        self._verified: dict[str, tuple[float, float, Principal]] = {}

    async def principal(self, authorization: str | None) -> Principal:
        """Raises ProblemError 401 without a valid bearer token."""
        token = bearer_token(authorization)
        if token is None:
            raise _unauthorized("a bearer token is needed")
        believed = self._verified.get(token)
        if believed is not None and self._monotonic() < believed[0] and time.time() < believed[1]:
            return believed[2]
        try:
            claims = await self._keys.claims(token)
            principal = self._claims.principal(claims)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            # The header of a token is JSON that anybody can write, as deep as it fits.
            raise _unauthorized("the token is not valid") from error
        if len(self._verified) >= CACHED_TOKENS:
            self._verified.clear()
        self._verified[token] = (self._monotonic() + CACHED_FOR, float(claims["exp"]), principal)
        return principal


def _decode(token: str, key: Any, *, issuer: str, audience: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=list(ALGORITHMS),
        issuer=issuer,
        audience=audience,
        leeway=LEEWAY,
        options={"require": ["exp", "iat", "sub"]},
    )


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
