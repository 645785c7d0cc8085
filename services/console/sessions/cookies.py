"""The cookies of a session and of a sign-in under way."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.console.sessions.sealing import Secret

PLAIN: Final = "star-console"
HOST: Final = "__Host-star-console"
"""Over TLS: a browser then takes it from this very host only, for every path of it."""

SIGN_IN: Final = "star-sign-in"
SIGN_IN_SECONDS: Final = 600


def cookie_of(request: Request, *, secure: bool) -> str | None:
    """The value of the session's cookie."""
    return request.cookies.get(HOST if secure else PLAIN)


def keep(answer: Response, secret: Secret, seconds: int, *, secure: bool) -> None:
    """Gives the browser the session's cookie."""
    answer.set_cookie(HOST if secure else PLAIN, secret.text(), max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


def drop(answer: Response, *, secure: bool) -> None:
    """Takes it away."""
    answer.delete_cookie(HOST if secure else PLAIN, path="/", httponly=True, samesite="lax", secure=secure)


def begin(answer: Response, text: str, *, secure: bool) -> None:
    """Gives the browser the cookie of a sign-in under way."""
    answer.set_cookie(SIGN_IN, text, max_age=SIGN_IN_SECONDS, path="/console", httponly=True, samesite="lax", secure=secure)


def done(answer: Response, *, secure: bool) -> None:
    """Takes that away."""
    answer.delete_cookie(SIGN_IN, path="/console", httponly=True, samesite="lax", secure=secure)
