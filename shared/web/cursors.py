"""Opaque cursors for lists: where the last page ended."""

import base64
import json
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator

from shared.web.problems import ProblemError

MOST_ITEMS: Final = 500

PageLimit = Annotated[
    int,
    Query(ge=1, description=f"Items of a page; {MOST_ITEMS} at most, whatever is asked for"),
    AfterValidator(lambda limit: min(limit, MOST_ITEMS)),
]
"""How many items a page of a list has. A larger wish is cut, not refused: the cursor leads on."""


def encode_cursor(*parts: str) -> str:
    """A cursor of these parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *, parts: int) -> list[str] | None:
    """The parts of a cursor; None without one. Raises ProblemError 422 for one we did not make."""
    if cursor is None:
        return None
    try:
        decoded = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(decoded, list) and len(decoded) == parts and all(_is_ours(part) for part in decoded):
            return decoded
    except ValueError:
        pass
    raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the page before, unchanged")


def _is_ours(part: object) -> bool:
    # No text of ours has a NUL or half a surrogate pair, and PostgreSQL takes neither.
    return isinstance(part, str) and "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)
