"""The Ministry's token endpoint: OAuth 2's client credentials, in memory."""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from starlette.requests import Request

from deploy.sandbox.problems import ProblemError

CLIENT_ID, CLIENT_SECRET = "sandbox", "sandbox-secret"
LIFE = timedelta(minutes=5)


class OAuthError(Exception):
    """A refusal as RFC 6749, 5.2 has it."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(error)
        self.error, self.status = error, status


class Tokens:
    """The tokens that hold. While `required`, uploads need one. A client may have several secrets while it goes over to a new one."""

    def __init__(self, *, required: bool = False) -> None:
        self.required = required
        self.secrets = {CLIENT_SECRET}
        self.issued = 0
        self._until: dict[str, datetime] = {}

    def issue(self, form: dict[str, str], authorization: str | None) -> dict[str, object]:
        """A new token. Raises OAuthError."""
        if form.get("grant_type") != "client_credentials":
            raise OAuthError("unsupported_grant_type", 400)
        name, secret = _client(form, authorization)
        if name != CLIENT_ID or secret not in self.secrets:
            raise OAuthError("invalid_client", 401)
        token = secrets.token_urlsafe(24)
        self._until[token] = datetime.now(UTC) + LIFE
        self.issued += 1
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(LIFE.total_seconds())}

    def check(self, request: Request) -> None:
        """Raises ProblemError 401 for a token that is needed and missing, and for any that does not hold."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not self.required and not token:
            return
        until = self._until.get(token) if scheme.lower() == "bearer" else None
        if until is None or until <= datetime.now(UTC):
            raise ProblemError(401, "no-token", "A bearer token is needed", headers={"WWW-Authenticate": "Bearer"})

    def revoke_all(self) -> None:
        """No token holds any more."""
        self._until.clear()


def _client(form: dict[str, str], authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)
