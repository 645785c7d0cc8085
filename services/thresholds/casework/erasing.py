"""Casework's part of an erasure: the words about the student go, out of every version; what was done, how and when stays."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Kind
from shared.erasures.erasure import Erase, Tally
from shared.events.data import StudentErased

ERASED: Final = "erased"
"""Stands where a text stood that a document has to have."""


PLURAL: Final[Mapping[Kind, str]] = {
    "contact": "contacts",
    "meeting": "meetings",
    "support-plan": "support-plans",
    "reply": "replies",
    "letter": "letters",
}


def erasing(kind: Kind, nameless: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Erase:
    """The erasure of a kind; `nameless` answers a document without words about the student, and leaves one without them as it is."""

    async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
        removed = await casework.redact(connection, kind, erased.student_id, nameless)
        return Tally({f"{kind}-texts": removed}, {PLURAL[kind]: await casework.count(connection, kind, erased.student_id)})

    return erase
