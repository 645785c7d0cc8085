"""Opaque cursors for lists: where the last page ended.

A cursor is a place in the list's order, whether or not an item stands there now; it leads to the end of the list, where `next` is null.
The one sequence that readers follow past its end is the events feed, whose cursors are its own (`services/thresholds/feed/cursors.py`).

A cursor stands in addresses, which proxies log and browsers keep: the place in an order of names is sealed (`CursorSeal`).
"""

import base64
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import AfterValidator, Field

from shared.web.problems import ProblemError

MOST_ITEMS: Final = 500

WHAT_TO_DO: Final = "pass on the `next` of the page before, unchanged; without a cursor the list begins again"

PageLimit = Annotated[
    int,
    Field(ge=1, description=f"Items of a page; a larger wish is cut to {MOST_ITEMS}", json_schema_extra={"maximum": MOST_ITEMS}),
    AfterValidator(lambda limit: min(limit, MOST_ITEMS)),
]
"""How many items a page of a list has, as a parameter or as a field of a query model. A larger wish is cut, not refused: the cursor
leads on."""

Part = str | int | uuid.UUID | datetime
"""The types that a cursor can be made of."""


def encode_cursor(*parts: Part) -> str:
    """A cursor of these parts, each as text."""
    return _as_text(_encoded(parts))


def decode_cursor(cursor: str | None, *, parts: int) -> list[str] | None:
    """The parts of a cursor; None without one. Raises ProblemError 422 for one we did not make."""
    return None if cursor is None else _decoded(_as_bytes(cursor), parts)


class CursorSeal:
    """Makes cursors that nobody can read or change, for one order of one list.

    AES-SIV (RFC 5297) needs no nonce: the same place has the same cursor, so that a page keeps its address.
    """

    def __init__(self, key: bytes, order: str) -> None:
        """`key` has 32 bytes. `order` names the list and its order: a cursor of another one is not taken."""
        self._cipher = AESSIV(key)
        self._order = [order.encode()]

    def encode(self, *parts: Part) -> str:
        """A cursor of these parts, each as text."""
        return _as_text(self._cipher.encrypt(_encoded(parts), self._order))

    def decode(self, cursor: str | None, *, parts: int) -> list[str] | None:
        """The parts of a cursor; None without one. Raises ProblemError 422 for one that was not sealed with this key, for this order."""
        if cursor is None:
            return None
        try:
            opened = self._cipher.decrypt(_as_bytes(cursor), self._order)
        except (InvalidTag, ValueError) as error:
            raise _not_ours() from error
        return _decoded(opened, parts)


A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


@overload
def read_cursor(cursor: str | None, first: Callable[[str], A], /) -> A | None: ...
@overload
def read_cursor(cursor: str | None, first: Callable[[str], A], second: Callable[[str], B], /) -> tuple[A, B] | None: ...
@overload
def read_cursor(
    cursor: str | None, first: Callable[[str], A], second: Callable[[str], B], third: Callable[[str], C], /
) -> tuple[A, B, C] | None: ...
def read_cursor(cursor: str | None, /, *readers: Callable[[str], Any]) -> Any:
    """The one part of a cursor, or a tuple of its parts, each as its reader has it; None without a cursor.

    Raises ProblemError 422 for one we did not make: a reader says so with ValueError.
    """
    parts = decode_cursor(cursor, parts=len(readers))
    if parts is None:
        return None
    try:
        values = tuple(read(part) for read, part in zip(readers, parts, strict=True))
    except ValueError as error:
        raise _not_ours() from error
    return values if len(values) > 1 else values[0]


def moment(part: str) -> datetime:
    """Reads a time. Raises ValueError for none, and for one without an offset, which no database can place."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at


def number(most_digits: int = 9) -> Callable[[str], int]:
    """A reader of whole numbers of at most so many digits: 9 fit into an `int` column, 18 into a `bigint`."""

    def read(part: str) -> int:
        if not (part.isascii() and part.isdigit() and len(part) <= most_digits):
            raise ValueError("not such a number")
        return int(part)

    return read


def _not_ours() -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", WHAT_TO_DO)


def _encoded(parts: Sequence[Part]) -> bytes:
    return json.dumps([part.isoformat() if isinstance(part, datetime) else str(part) for part in parts]).encode()


def _decoded(content: bytes, parts: int) -> list[str]:
    try:
        decoded = json.loads(content)
        if isinstance(decoded, list) and len(decoded) == parts and all(_is_ours(part) for part in decoded):
            return decoded
    except (ValueError, RecursionError):
        pass
    raise _not_ours()


def _as_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _as_bytes(cursor: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise _not_ours() from error


def _is_ours(part: object) -> bool:
    # No text of ours has a NUL or half a surrogate pair, and PostgreSQL takes neither.
    return isinstance(part, str) and "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)
