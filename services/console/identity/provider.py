"""The OIDC issuer: where to send the browser, what to make of its answer, new tokens for old ones, and the way out."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, Self

import httpx
import jwt
import structlog

from services.console.identity.failures import SignInError
from services.console.sessions.sealing import Contents, Secret
from services.console.settings import ConsoleSettings
from shared.auth.tokens import LEEWAY, OidcKeys
from shared.clock import Clock

log = structlog.get_logger()

TIMEOUT: Final = 5.0
EARLY: Final = 30.0
"""Seconds before its end at which an access token is renewed: no question is asked with one that ends on the way."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The issuer's addresses, as its discovery document has them."""

    authorization: str
    token: str
    end_session: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: all of its secrets are derived from the one in the browser's cookie, so nothing is stored."""

    secret: Secret

    def text(self, purpose: str) -> str:
        """One of its secrets: `state`, `nonce` or `verifier`."""
        return _text(self.secret.derived(purpose))

    @property
    def challenge(self) -> str:
        """The digest of the verifier that PKCE sends ahead (S256)."""
        return _text(sha256(self.text("verifier").encode()).digest())


class Provider:
    """The issuer."""

    def __init__(self, settings: ConsoleSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        # The id token is for the console itself; access tokens are for the APIs, which verify those.
        self._keys = OidcKeys(settings.oidc_issuer, settings.console_client_id, client)
        self._endpoints: Endpoints | None = None

    @classmethod
    def of(cls, settings: ConsoleSettings, client: httpx.AsyncClient, clock: Clock) -> Self | None:
        """The issuer of the settings; None where people sign in by links."""
        return cls(settings, client, clock) if settings.oidc_issuer and settings.console_client_id else None

    async def address(self, begun: Begun, back: str) -> str:
        """Where to send the browser. Raises SignInError."""
        endpoints = await self._discovered()
        query = {
            "response_type": "code",
            "client_id": self._settings.console_client_id,
            "redirect_uri": back,
            "scope": self._settings.console_oidc_scopes,
            "state": begun.text("state"),
            "nonce": begun.text("nonce"),
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        # Issuers give a refresh token to somebody who was asked, as OpenID Connect wants it.
        if "offline_access" in self._settings.console_oidc_scopes.split():
            query["prompt"] = "consent"
        if self._settings.console_oidc_resource:
            query["resource"] = self._settings.console_oidc_resource
        return str(httpx.URL(endpoints.authorization).copy_merge_params(query))

    async def exchange(self, begun: Begun, code: str, back: str) -> Contents:
        """The tokens for a code. Raises SignInError."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.text("verifier")}
        answer = await self._token(form)
        await self._check_identity(str(answer.get("id_token", "")), begun.text("nonce"))
        return self._contents(answer)

    async def renew(self, contents: Contents) -> Contents | None:
        """New tokens for old ones; None where the issuer gives none. Raises SignInError if it is away."""
        if contents.refresh_token is None:
            return None
        try:
            answer = await self._token({"grant_type": "refresh_token", "refresh_token": contents.refresh_token})
        except SignInError as error:
            if error.why == "provider-away":
                raise
            return None
        return self._contents(answer, contents)

    def is_due(self, contents: Contents) -> bool:
        """Whether the access token has to be renewed now."""
        return contents.expires_at is not None and self._clock().timestamp() >= contents.expires_at - EARLY

    async def way_out(self, contents: Contents, back: str) -> str | None:
        """Where the browser ends the issuer's own session; None where the issuer has no such place, or is away."""
        try:
            endpoints = await self._discovered()
        except SignInError:
            return None
        if endpoints.end_session is None:
            return None
        query = {"client_id": self._settings.console_client_id, "post_logout_redirect_uri": back}
        if contents.id_token is not None:
            query["id_token_hint"] = contents.id_token
        return str(httpx.URL(endpoints.end_session).copy_merge_params(query))

    async def _check_identity(self, id_token: str, nonce: str) -> None:
        try:
            claims = await self._keys.claims(id_token)
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise SignInError("clocks") from error
        except jwt.PyJWTError as error:
            log.warning("sign_in.bad_id_token", error=type(error).__name__)
            raise SignInError("bad-token") from error
        if claims.get("nonce") != nonce:
            raise SignInError("bad-token")
        if claims["iat"] > self._clock().timestamp() + LEEWAY.total_seconds():
            raise SignInError("clocks")

    async def _token(self, form: dict[str, str]) -> dict[str, Any]:
        endpoints = await self._discovered()
        secret = self._settings.console_client_secret.get_secret_value()
        auth = httpx.BasicAuth(self._settings.console_client_id, secret) if secret else httpx.Auth()
        if not secret:
            form = {**form, "client_id": self._settings.console_client_id}
        try:
            answer = await self._client.post(endpoints.token, data=form, timeout=TIMEOUT, auth=auth)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            log.warning("sign_in.provider_away", error=type(error).__name__)
            raise SignInError("provider-away") from error
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SignInError("provider-away")
        if not answer.is_success or not isinstance(body, dict) or "access_token" not in body:
            kind = str(body.get("error", "")) if isinstance(body, dict) else ""
            log.warning("sign_in.token_refused", error=kind)
            raise SignInError("code-refused" if kind == "invalid_grant" else "provider-set-up")
        return body

    def _contents(self, answer: dict[str, Any], before: Contents | None = None) -> Contents:
        lasts = answer.get("expires_in")
        return Contents(
            access_token=str(answer["access_token"]),
            rights=before.rights if before else "",
            expires_at=self._clock().timestamp() + float(lasts) if lasts is not None else None,
            # An issuer that rotates refresh tokens sends a new one, another none.
            refresh_token=answer.get("refresh_token") or (before.refresh_token if before else None),
            id_token=answer.get("id_token") or (before.id_token if before else None),
        )

    async def _discovered(self) -> Endpoints:
        if self._endpoints is None:
            url = f"{self._settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                document = (await self._client.get(url, timeout=TIMEOUT)).raise_for_status().json()
                self._endpoints = Endpoints(
                    document["authorization_endpoint"], document["token_endpoint"], document.get("end_session_endpoint")
                )
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                log.warning("sign_in.provider_away", error=type(error).__name__)
                raise SignInError("provider-away") from error
        return self._endpoints


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
