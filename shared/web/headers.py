"""Headers: every one that we read, of requests and of answers, is read by a reader of this module, none of which raises. Pure."""

import base64
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal
from urllib.parse import quote

MOST_DIGITS: Final = 8
"""More digits than any sensible number of seconds would overflow on the way to a bound."""

LARGEST: Final = 10**18
"""The value of a longer number of bytes."""

LONGEST_BASIC: Final = 1024

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_.-]+")


def media_type(content_type: str | None, otherwise: str = "") -> str:
    """The media type of a Content-Type, in lower case and without parameters; `otherwise` where there is no such header."""
    return otherwise if content_type is None else content_type.partition(";")[0].strip().lower()


def content_length(header: str | None) -> int | None:
    """The bytes that a Content-Length declares; None for none, or for what is no number."""
    text = (header or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) < len(str(LARGEST)) else LARGEST


def content_coding(header: str | None) -> str:
    """The coding of a body, in lower case; `identity` without a header."""
    return (header or "identity").strip().lower()


def accepts(accept: str | None, wanted: str) -> bool:
    """Whether an Accept header names this media type, whatever weight it gives it. A wildcard names nothing."""
    return any(media_type(part) == wanted for part in (accept or "").split(","))


def prefers(accept: str | None, wanted: str) -> bool:
    """Whether an Accept header names this media type first."""
    return accepts((accept or "").partition(",")[0], wanted)


def has_any_tag(if_none_match: str | None, tags: Collection[str]) -> bool:
    """Whether an If-None-Match names one of these entity tags, weak or strong, or any (`*`)."""
    named = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return "*" in named or not named.isdisjoint(tags)


def bearer_token(authorization: str | None) -> str | None:
    """The token of an Authorization header (RFC 6750); None for another scheme, or none."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    """User name and password of an Authorization header (RFC 7617); None for another scheme, or what is no such pair."""
    scheme, _, encoded = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > LONGEST_BASIC:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None
    username, colon, password = decoded.decode("utf-8", "replace").partition(":")
    # A NUL could not even be asked for in the database.
    return (username, password) if colon and "\0" not in username else None


def disposition(kind: Literal["inline", "attachment"], filename: str) -> str:
    """A Content-Disposition (RFC 6266): the name as it is where it is plain, else an ASCII form of it with the true one beside it."""
    if _PLAIN_NAME.fullmatch(filename):
        return f'{kind}; filename="{filename}"'
    plain = _NOT_PLAIN.sub("-", filename) or "-"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"


def retry_after(header: str | None, now: datetime, *, shortest: timedelta, longest: timedelta) -> timedelta | None:
    """The pause that a Retry-After asks for, in seconds or as a date, within our bounds; None for none, or one that can't be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        # Zeros in front make no number longer.
        seconds = text.lstrip("0") or "0"
        pause = timedelta(seconds=int(seconds)) if len(seconds) < MOST_DIGITS else longest
    else:
        try:
            pause = parsedate_to_datetime(text) - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return min(max(pause, shortest), longest)
