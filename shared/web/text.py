"""Text that no column holds: a NUL, which PostgreSQL refuses, and half a surrogate pair, which is no character; for all fields."""

import re
from http import HTTPStatus
from typing import Final

from fastapi import Request

from shared.web.problems import ProblemError

_NOT_TEXT: Final = "a NUL or half a surrogate pair is not text"

# A backslash that is itself escaped begins nothing: `\\u0000` in JSON is a backslash and five letters.
_ESCAPE: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u(?:(0000)|([dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?)|([dD][c-fC-F][0-9a-fA-F]{2}))"
)
_PAIR: Final = len(rb"d83d\ude00")


def is_storable_json(body: bytes) -> bool:
    """Whether no text of a JSON document has a NUL or half a surrogate pair; both can only stand there as escapes."""
    if rb"\u" not in body:
        return True
    for found in _ESCAPE.finditer(body):
        nul, high, low = found.groups()
        if nul or low or len(high) != _PAIR:
            return False
    return True


def refuse_unstorable_json(body: bytes) -> None:
    """Raises ProblemError: 422 for a document that holds such a text, 400 for one that is not UTF-8 (RFC 8259, section 8.1).

    Python's own reader takes UTF-16, and halves of pairs written as bytes, past which no look at the escapes would help.
    """
    try:
        is_utf8 = b"\0" not in body and (body.isascii() or bool(body.decode()))
    except UnicodeDecodeError:
        is_utf8 = False
    if not is_utf8:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "malformed-json", "the body is not JSON")
    if not is_storable_json(body):
        raise _refused("body")


def refuse_unstorable_query(request: Request) -> None:
    """Raises ProblemError 422 for a query that holds such a text; a surrogate can't get through the decoding of a query."""
    query: bytes = request.scope["query_string"]
    if b"%00" in query or b"\0" in query:
        raise _refused("query")


def _refused(at: str) -> ProblemError:
    errors = [{"at": at, "why": _NOT_TEXT}]
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", f"{at}: {_NOT_TEXT}", extra={"errors": errors})
