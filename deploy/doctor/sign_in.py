"""Sign-in: the keys that tokens are verified with, and the issuer's clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx
import jwt

from deploy.doctor.finding import Finding
from services.console.settings import ConsoleSettings
from shared.auth.keys import KEY_FILE
from shared.auth.tokens import ALGORITHMS
from shared.clock import utc_now

NAME: Final = "sign-in"
TIMEOUT: Final = 10.0
TOLERATED: Final = timedelta(minutes=1)
"""Tokens of an issuer whose clock is further from ours are not valid yet, or not any more. Its time is read to the second."""


async def look_at_sign_in(settings: ConsoleSettings) -> Finding:
    """Whether tokens can be verified, and people can sign in."""
    if not settings.oidc_issuer:
        return _own_key(settings.data)
    fix = "correct STAR_OIDC_ISSUER, or ask the issuer's operator"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            answer = (await client.get(f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")).raise_for_status()
            document = answer.json()
            keys = (await client.get(document["jwks_uri"])).raise_for_status().json()
        usable = _usable(keys)
    except (httpx.HTTPError, httpx.InvalidURL, AttributeError, KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
        return Finding(NAME, "fail", f"{_host(settings.oidc_issuer)} gives no keys ({type(error).__name__})", fix)
    if document.get("issuer") != settings.oidc_issuer:
        detail = "the issuer calls itself by another address: no token of it is taken"
        return Finding(NAME, "fail", detail, "set STAR_OIDC_ISSUER to the address in its tokens, to the letter")
    if not usable:
        return Finding(NAME, "fail", f"none of the issuer's keys is for {', '.join(ALGORITHMS)}", "have the issuer sign with one of these")
    apart = _apart(answer)
    if apart > TOLERATED:
        detail = f"this machine and the issuer differ by {apart.total_seconds():.0f} s: its tokens are refused"
        return Finding(NAME, "fail", detail, "have both machines keep time by NTP")
    if not settings.console_client_id:
        detail = f"{_host(settings.oidc_issuer)} gives {usable} keys; nobody can sign in to the console by it"
        return Finding(NAME, "warn", detail, "set STAR_CONSOLE_CLIENT_ID, or let people in by `star console link`")
    return Finding(NAME, "ok", f"{_host(settings.oidc_issuer)} gives {usable} keys")


def _own_key(data: Path) -> Finding:
    made = "" if (data / KEY_FILE).exists() else ", which the first start makes"
    return Finding(NAME, "ok", f"tokens are signed with a key in the data folder{made}")


def _usable(keys: dict[str, Any]) -> int:
    return sum(1 for key in jwt.PyJWKSet.from_dict(keys).keys if key.algorithm_name in ALGORITHMS)


def _apart(answer: httpx.Response) -> timedelta:
    """How far the issuer's clock is from ours, as far as its answer says so."""
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return timedelta(0)
    return abs(_aware(theirs) - utc_now())


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _host(address: str) -> str:
    return httpx.URL(address).host
