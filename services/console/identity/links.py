"""One-time links of a set-up with a key of its own: `star console link`.

A link is a signed statement of who somebody is, for the console alone: no API takes it as a token. Its use is written down, so it is good
once. From it the console signs the person's own token, for as long as a session lasts.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import jwt

from services.console.identity.failures import SignInError
from shared.auth.keys import KEY_FILE, signing_key
from shared.auth.principal import Part, Role, Scope
from shared.auth.tokens import SELF_ISSUER, issue_token
from shared.identifiers import school_number

AUDIENCE: Final = "star-console-link"
VALID_FOR: Final = timedelta(minutes=10)

LinkRole = Literal["office", "dean", "principal", "partner", "ops"]


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights in a role's token."""

    scopes: tuple[Scope, ...]
    role: Role


RIGHTS: Final[dict[LinkRole, Rights]] = {
    "office": Rights(("star:read", "star:write", "roster:write", "marks:write", "uploads:run"), "manage"),
    "dean": Rights(("star:read", "star:write"), "manage"),
    "principal": Rights(("star:read", "star:write", "roster:write", "marks:write", "uploads:run"), "admin"),
    "partner": Rights(("events:subscribe",), "admin"),
    "ops": Rights(("ops",), "admin"),
}


def sign_link(data: Path, role: LinkRole, schools: Sequence[str], groups: Sequence[str], now: datetime) -> str:
    """The signed end of a link. Raises ValueError for a bad school number or year level, and for a dean of no group: a token without
    groups is one for the whole school."""
    Part.parse(frozenset(groups))
    if role == "dean" and not groups:
        raise ValueError("a dean looks after a group or a year level: name it, as in --group 10A or --group year:10")
    claims = {
        "iss": SELF_ISSUER,
        "aud": AUDIENCE,
        "jti": str(uuid.uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((now + VALID_FOR).timestamp()),
        "role": role,
        "schools": ["*"] if list(schools) == ["*"] else [school_number(school) for school in schools],
        "groups": list(groups),
    }
    return jwt.encode(claims, signing_key(data), algorithm="EdDSA")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is ours and not over."""

    id: uuid.UUID
    role: LinkRole
    schools: list[str]
    groups: list[str]


class Links:
    """Reads links, and signs the tokens of those who come by them."""

    def __init__(self, data: Path, *, enabled: bool) -> None:
        self._data = data
        self._enabled = enabled

    def read(self, text: str) -> Link:
        """Raises SignInError for a link that is not ours, or over."""
        if not self._enabled or not (self._data / KEY_FILE).exists():
            raise SignInError("link-unknown")
        try:
            claims: dict[str, Any] = jwt.decode(
                text, signing_key(self._data).public_key(), algorithms=["EdDSA"], audience=AUDIENCE, issuer=SELF_ISSUER
            )
            return Link(uuid.UUID(claims["jti"]), claims["role"], claims["schools"], claims["groups"])
        except jwt.ExpiredSignatureError as error:
            raise SignInError("link-over") from error
        except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
            raise SignInError("link-unknown") from error

    def token(self, link: Link, now: datetime, valid_for: timedelta) -> str:
        """The token of the person who came by the link."""
        rights = RIGHTS[link.role]
        return issue_token(
            signing_key(self._data),
            subject=f"{link.role} by link",
            scopes=rights.scopes,
            schools=link.schools,
            now=now,
            valid_for=valid_for,
            role=rights.role,
            groups=link.groups,
        )
