"""The note that a page shows once after a change: it travels in a cookie of a minute, and holds counts and activities, never names."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.responses import Response

from services.console.frame.navigation import BASE

COOKIE: Final = "star-note"
SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and the address that takes the change back, if it can be."""

    text: str
    undo: str | None = None


def take_note(request: Request) -> Note | None:
    """The note that the last change left."""
    try:
        text, undo = json.loads(urlsafe_b64decode(request.cookies.get(COOKIE, "").encode("ascii")))
    except (ValueError, TypeError):
        return None
    return Note(str(text), str(undo) if undo and str(undo).startswith(f"{BASE}/") else None)


def noted(answer: Response, text: str | None, undo: str | None = None) -> None:
    """Leaves a note for the next page, or takes the last one away."""
    if text is None:
        answer.delete_cookie(COOKIE, path=BASE, httponly=True, samesite="lax")
        return
    value = urlsafe_b64encode(json.dumps([text, undo]).encode()).decode()
    answer.set_cookie(COOKIE, value, max_age=SECONDS, path=BASE, httponly=True, samesite="lax")
