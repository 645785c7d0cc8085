"""Dead letters that other services report, into our copy: a school finds all that could not be applied in one place."""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.data_quality.repository import reported_letters
from services.thresholds.data_quality.repository.reported_letters import ReportedLetter
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.events.data import DeadLettered, DeadLetterSettled
from shared.events.envelope import Event
from shared.events.topics import DEAD_LETTERS

# As long as the topic keeps them: a copy built anew is the same.
assert DEAD_LETTERS.retention is not None
REPORTED_KEPT_FOR: Final = DEAD_LETTERS.retention

MOST: Final = 2**31 - 1


@dataclass
class DeadLettersHandler(BatchHandler):
    """Keeps the dead letters of other services whose school is known. Our own are in our box, with their present state."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events. None of them ever waits."""
        reported: dict[uuid.UUID, ReportedLetter] = {}
        settled: list[uuid.UUID] = []
        for message, event in batch.events:
            match event:
                case Event(data=DeadLettered() as letter):
                    if letter.school is not None and letter.service != self.dead_letters.service:
                        reported[letter.dead_letter_id] = _reported(event, letter, letter.school)
                case Event(data=DeadLetterSettled() as letter):
                    reported.pop(letter.dead_letter_id, None)
                    settled.append(letter.dead_letter_id)
                case _:
                    batch.refuse(message, WRONG_TYPE, "only dead letters belong on this topic")
        await reported_letters.settle(connection, settled)
        await reported_letters.add(connection, list(reported.values()))


def _reported(event: Event, letter: DeadLettered, school: str) -> ReportedLetter:
    return ReportedLetter(
        id=letter.dead_letter_id,
        service=letter.service,
        school=school,
        topic=letter.topic,
        reason=letter.reason,
        # The event's number is not ours to trust: one that no column can hold must not stop the consumer.
        count=min(max(letter.count, 1), MOST),
        reported_at=event.time,
    )
