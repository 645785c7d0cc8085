"""The list of tokens that the key in the data folder has signed: who has access, and when a token was last used. Never a token itself."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.auth.keys import revoked_tokens
from shared.files import write_whole

FOLDER: Final = "issued-tokens"

NOTED_EVERY: Final = 60.0
"""Seconds between two notes of one token's use: a day is close enough for the question who still uses it."""

LISTED_FOR: Final = timedelta(days=90)
"""How long a token stays on the list after its end."""

SHORT: Final = timedelta(days=1)
"""A token of a command, or of a session on the screens, lives no longer, and is not listed."""


class IssuedToken(msgspec.Struct, frozen=True):
    """A token without its signature. `schools` is `*` for all."""

    id: str
    subject: str
    scopes: str
    schools: str | list[str]
    issued_at: datetime
    ends_at: datetime
    role: str | None = None
    groups: list[str] = []


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token, its state and its last use."""

    token: IssuedToken
    state: str
    used_at: datetime | None


def note_issued(data: Path, claims: Mapping[str, Any]) -> None:
    """Puts a token on the list, and takes those off that ended long ago."""
    token = _token_of(claims)
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{token.id}.json", msgspec.json.encode(token))
    for file, listed in _files(data):
        if listed.ends_at < datetime.now(UTC) - LISTED_FOR:
            for path in (file, file.with_suffix(".used")):
                path.unlink(missing_ok=True)


def note_used(data: Path, claims: Mapping[str, Any]) -> None:
    """Notes that a token was used; one from before the list was kept comes onto it now. A folder that takes no writes costs the note."""
    if claims["exp"] - claims["iat"] <= SHORT.total_seconds() or not _is_name(str(claims["jti"])):
        return
    used = data / FOLDER / f"{claims['jti']}.used"
    with suppress(OSError):
        if used.exists() and time.time() - used.stat().st_mtime < NOTED_EVERY:
            return
        if not used.with_suffix(".json").exists():
            note_issued(data, claims)
        used.touch()
        os.utime(used)


def listed_tokens(data: Path, now: datetime) -> list[ListedToken]:
    """The tokens, newest first."""
    revoked = revoked_tokens(data)
    found = []
    for file, token in _files(data):
        used = file.with_suffix(".used")
        used_at = datetime.fromtimestamp(used.stat().st_mtime, UTC) if used.exists() else None
        state = "revoked" if token.id in revoked else "ended" if token.ends_at <= now else "valid"
        found.append(ListedToken(token, state, used_at))
    return sorted(found, key=lambda listed: (listed.token.issued_at, listed.token.id), reverse=True)


def _files(data: Path) -> list[tuple[Path, IssuedToken]]:
    return [(file, msgspec.json.decode(file.read_bytes(), type=IssuedToken)) for file in sorted((data / FOLDER).glob("*.json"))]


def _token_of(claims: Mapping[str, Any]) -> IssuedToken:
    return IssuedToken(
        id=claims["jti"],
        subject=claims["sub"],
        scopes=claims.get("scope", ""),
        schools=claims.get("schools", []),
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        ends_at=datetime.fromtimestamp(claims["exp"], UTC),
        role=claims.get("role"),
        groups=claims.get("groups", []),
    )


def _is_name(text: str) -> bool:
    """Whether it can be a file's name: a token of ours has a UUID."""
    return len(text) == 36 and all(letter in "0123456789abcdef-" for letter in text)
