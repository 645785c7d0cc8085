"""Staff hold a student's letters, and let them go again: one batch of messages, one transaction."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.letters.repository import cases, holds, letters
from services.notifier.letters.repository.holds import Change
from shared.bus.interface import Message, Partition
from shared.clock import Clock
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.reading import read_events
from shared.events.data import LettersHeld, LettersReleased
from shared.events.envelope import Event

log = structlog.get_logger()

GROUP = "holds"


@dataclass(frozen=True, slots=True)
class HoldsHandler:
    """Handles the topic of holds."""

    engine: AsyncEngine
    box: DeadLetterBox
    clock: Clock

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies a batch. A hold may come before its crossing or after it: it is looked up when a letter is due."""
        read, poison = read_events(messages)
        events = [content for _, content in read if isinstance(content, Event)]
        changes = [change for event in events if (change := _change(event)) is not None]
        now = self.clock()
        async with self.engine.begin() as connection:
            await self.box.keep(connection, poison, now)
            if changes:
                await self._apply(connection, changes)
        return {}

    async def _apply(self, connection: AsyncConnection, changes: Sequence[Change]) -> None:
        # Under the locks, so that a letter that is being looked at now is either asked about again here, or sees what is kept here.
        terms: set[tuple[uuid.UUID, str]] = {(change.student_id, change.term) for change in changes}
        known = await cases.lock(connection, terms)
        await holds.put(connection, changes)
        now = self.clock()
        for case in known.values():
            if case.waiting is not None and case.waiting.state == "on-hold":
                await letters.look_again(connection, case.waiting, now)
                log.info("letter.hold_changed", letter=str(case.waiting.id))


def _change(event: Event) -> Change | None:
    match event.data:
        case LettersHeld() as data:
            return Change(data.student_id, data.term, data.threshold, True, data.until, data.held_at)
        case LettersReleased() as data:
            return Change(data.student_id, data.term, data.threshold, False, None, data.released_at)
    return None
