"""Staff hold a student's letters, and let them go again: one batch of messages, one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.repository import cases, holds, letters
from services.notifier.letters.repository.holds import HoldChange
from shared.batch import Batch, BatchHandler
from shared.events.data import LettersHeld, LettersReleased
from shared.events.envelope import Event

log = structlog.get_logger()


@dataclass
class HoldsHandler(BatchHandler):
    """Handles the topic of holds."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch. A hold may come before its crossing or after it: it is looked up when a letter is due."""
        changes = [change for _, event in batch.events if isinstance(event, Event) and (change := _change(event)) is not None]
        if changes:
            await self._apply(connection, changes, batch.now)

    async def _apply(self, connection: AsyncConnection, changes: Sequence[HoldChange], now: datetime) -> None:
        # Under the locks, so that a letter that is being looked at now is either asked about again here, or sees what is kept here.
        terms: set[tuple[uuid.UUID, str]] = {(change.student_id, change.term) for change in changes}
        locked = await cases.lock(connection, terms)
        await holds.put(connection, changes)
        held = [letter for case in locked.values() for letter in case.in_wait() if letter.state == "on-hold"]
        await letters.look_again_at(connection, held, now)
        for letter in held:
            log.info("letter.hold_changed", letter=str(letter.id))


def _change(event: Event) -> HoldChange | None:
    match event.data:
        case LettersHeld() as data:
            return HoldChange(data.student_id, data.term, data.threshold, True, data.until, data.held_at)
        case LettersReleased() as data:
            return HoldChange(data.student_id, data.term, data.threshold, False, None, data.released_at)
    return None
