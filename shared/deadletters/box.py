"""Where a service keeps the records it could not apply: with their reason, visible and redrivable.

The record itself stays in the service's own database; the event on the dead letters' topic only says that there is one.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.interface import Outgoing
from shared.bus.processor import BatchRefusedError
from shared.deadletters import repository
from shared.deadletters.letter import DeadLetter
from shared.events.catalogue import DEAD_LETTER_SETTLED, DEAD_LETTERED
from shared.events.data import DeadLettered, DeadLetterSettled, StudentErased
from shared.events.envelope import Event
from shared.outbox import repository as outbox
from shared.telemetry import metrics

Settlement = Literal["redriven", "discarded"]

FLOOD_WINDOW: Final = timedelta(hours=1)
FLOOD_LIMIT: Final = 500
"""Dead letters within the window above which the consumer stops: by then the fault is ours or a sender's, not a record's."""


@dataclass(frozen=True, slots=True)
class DeadLetterBox:
    """The dead letters of one service."""

    service: str
    limit: int = FLOOD_LIMIT

    async def keep(self, connection: AsyncConnection, letters: Sequence[DeadLetter], now: datetime) -> None:
        """Keeps letters in the caller's transaction.

        Raises BatchRefusedError when there were too many of late.
        """
        # A batch that comes again brings letters that are kept already: they are no part of a flood.
        new = [letter for letter in letters if await repository.insert(connection, letter, now)]
        if not new:
            return
        recent = await repository.count_between(connection, now - FLOOD_WINDOW, now)
        if recent > self.limit:
            raise BatchRefusedError(f"{recent} dead letters within {FLOOD_WINDOW}: redrive or discard them first")
        await outbox.add(connection, [self._event(letter, now).encode() for letter in new])
        for letter in new:
            metrics.DEAD_LETTERS.labels(self.service, letter.reason).inc(letter.count)

    def _event(self, letter: DeadLetter, now: datetime) -> Event:
        message = letter.message
        data = DeadLettered(
            dead_letter_id=letter.id,
            service=self.service,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            reason=letter.reason,
            count=letter.count,
            school=letter.school,
        )
        return Event(DEAD_LETTERED, str(letter.id), f"/{self.service}", now, f"{message.topic}/{message.partition}", data)

    async def redrive(self, connection: AsyncConnection, letter_id: uuid.UUID, now: datetime) -> bool:
        """Publishes a kept letter to its topic again, in the caller's transaction; False when there is no such letter to redrive."""
        message = await self._settle(connection, letter_id, "redriven", now)
        if message is None:
            return False
        await outbox.add(connection, [message])
        return True

    async def redrive_school(self, connection: AsyncConnection, school: str, reasons: Sequence[str], now: datetime) -> int:
        """Redrives a school's letters of these reasons, when what they waited for has come; answers how many."""
        letters = await repository.of_school(connection, school, reasons)
        return sum([await self.redrive(connection, letter_id, now) for letter_id in letters])

    async def discard(self, connection: AsyncConnection, letter_id: uuid.UUID, now: datetime, *, why: str | None = None) -> bool:
        """Puts a kept letter aside for good, with the reason where there is one; False when there is no such letter."""
        return await self._settle(connection, letter_id, "discarded", now, why=why) is not None

    async def erase_student(self, connection: AsyncConnection, erased: StudentErased, now: datetime) -> int:
        """Deletes the letters with a student's name, whatever became of them; answers how many."""
        return await self._delete(connection, await repository.naming(connection, erased), now)

    async def forget_gone(self, connection: AsyncConnection, gone: Mapping[tuple[str, bytes | None], int], now: datetime) -> None:
        """Deletes the letters of these topics and keys from before an offset: what they name is gone, and nothing is to be tried again."""
        await self._delete(connection, await repository.before(connection, gone), now)

    async def _delete(self, connection: AsyncConnection, ids: Sequence[uuid.UUID], now: datetime) -> int:
        for letter_id in ids:
            # Whoever counts those that wait for a person hears of it.
            await self.discard(connection, letter_id, now)
        return await repository.delete(connection, ids)

    async def _settle(
        self, connection: AsyncConnection, letter_id: uuid.UUID, outcome: Settlement, now: datetime, *, why: str | None = None
    ) -> Outgoing | None:
        settled = await repository.settle(connection, letter_id, outcome, now, why)
        if settled is None:
            return None
        message, partition = settled
        data = DeadLetterSettled(dead_letter_id=letter_id, service=self.service, outcome=outcome)
        # With the key of the event that told of the letter, so that it comes after it.
        key = f"{message.topic}/{partition}"
        event = Event(DEAD_LETTER_SETTLED, f"{letter_id}/settled", f"/{self.service}", now, key, data)
        await outbox.add(connection, [event.encode()])
        return message
