"""Holds on letters about thresholds that a family was written to about in another row: of another key, or of another name of the term.

The crossings of the row that the marks are carried to come a moment later, when the holds are known everywhere. Staff see them, and may
lift them.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold
from services.thresholds.register.repository.rows import RowKey
from shared.attendance.tiers import THRESHOLDS
from shared.bus.interface import Outgoing
from shared.events.catalogue import LETTERS_HELD
from shared.events.data import LettersHeld
from shared.events.envelope import Event, new_event_id
from shared.identifiers import NAMESPACE, student_id

AFTER_THE_HOLD: Final = timedelta(seconds=3)
"""How long a hold has to be known before the crossings come: both take milliseconds, on topics of their own."""

BY: Final = "engine"


async def hold(connection: AsyncConnection, key: RowKey, level: int, reason: str, now: datetime) -> Outgoing | None:
    """Holds the letters of a row about the threshold above a level, and answers the event; None where they are held already."""
    identity, threshold = student_id(key.school, key.student), THRESHOLDS[level]
    if await holds.standing(connection, identity, key.term, threshold) is not None:
        return None
    held = Hold(
        id=uuid.uuid5(NAMESPACE, f"regrouped/{identity}/{key.term}/{threshold}/{now.isoformat()}"),
        school=key.school,
        student=key.student,
        student_id=identity,
        term=key.term,
        threshold=threshold,
        reason=reason,
        until=None,
        held_by=BY,
        held_at=now,
    )
    await holds.add(connection, held)
    data = LettersHeld(school=key.school, student=key.student, student_id=identity, term=key.term, threshold=threshold, held_at=now)
    return Event(LETTERS_HELD, new_event_id(), "/thresholds", now, str(identity), data).encode()
