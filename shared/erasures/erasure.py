"""An erasure as a service's rooms apply it. Pure data."""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentErased


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of things that a room removed, and of those that it keeps without a name because the law asks for it, by kind."""

    removed: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)


Erase = Callable[[AsyncConnection, StudentErased], Awaitable[Tally]]
"""Removes what a room holds of a student, in the caller's transaction. Applied again, it finds nothing more to remove.

Rows that the school's system made are removed as they were before `erased_at`: a student who was sent again since is another one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure as a service has it. `applied_at` is None until its worker has applied it; `why` stays with the door."""

    student_id: uuid.UUID
    school: str
    student: str
    erased_at: datetime
    applied_at: datetime | None
    removed: Mapping[str, int]
    kept: Mapping[str, int]
    why: str | None = None


def together(*tallies: Tally) -> Tally:
    """The sum of what rooms removed and keep. Kinds of which there is none are left out."""
    removed, kept = Counter[str](), Counter[str]()
    for tally in tallies:
        removed.update(tally.removed)
        kept.update(tally.kept)
    return Tally(dict(+removed), dict(+kept))
