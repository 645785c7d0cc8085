"""One batch of messages, one transaction: what every handler of a topic does around its own rules.

    @dataclass
    class ThingsHandler(BatchHandler):
        async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
            for message, event in batch.events:
                match event:
                    case Event(data=ThingUpdated() as thing):
                        await things.put(connection, thing)
                    case _:
                        batch.refuse(message, WRONG_TYPE, "only things belong on this topic")

    "things": parts.consume("things", [topics.THINGS], ThingsHandler(box, clock))

A handler with fields of its own is a `dataclass(kw_only=True)`. The transaction is its edge's: see `shared.bus.applying`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events.envelope import Event, Tombstone


@dataclass
class Batch:
    """A batch's events, in order, and their results so far. Messages that no reader can understand are refused already."""

    events: Sequence[tuple[Message, Event | Tombstone]]
    now: datetime
    refused: list[DeadLetter] = field(default_factory=list)
    pauses: dict[Partition, int] = field(default_factory=dict)

    def refuse(
        self, message: Message, reason: str, detail: str, *, school: str | None = None, value: bytes | None = None, count: int = 1
    ) -> None:
        """Makes the message, or a part of it, a dead letter; see `DeadLetter`."""
        self.refused.append(DeadLetter(message, reason, detail, school, value, count))

    def pause(self, message: Message) -> None:
        """Leaves the message, and those behind it in its partition, to a later batch: what it needs has not come yet."""
        offset = self.pauses.get(message.source, message.offset)
        self.pauses[message.source] = min(offset, message.offset)

    def waits(self, message: Message) -> bool:
        """Whether the message is left to a later batch: nothing of it may be applied now."""
        return message.offset >= self.pauses.get(message.source, message.offset + 1)


@dataclass
class BatchHandler(ABC):
    """Reads a batch, applies it, and keeps its dead letters."""

    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, connection: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Handles the messages in the caller's transaction, as `shared.bus.applying.Handler` has it."""
        events, unreadable = read_events(messages)
        batch = Batch(events, self.clock(), unreadable)
        await self.apply(connection, batch)
        # A tombstone is the last word on its key: what could not be applied before it is not kept, as it can hold names.
        gone = {
            (message.topic, message.key): message.offset
            for message, event in batch.events
            if isinstance(event, Tombstone) and not batch.waits(message)
        }
        refused = [letter for letter in batch.refused if not batch.waits(letter.message) and not _gone(letter.message, gone)]
        await self.dead_letters.keep(connection, refused, batch.now)
        if gone:
            await self.dead_letters.forget_gone(connection, gone, batch.now)
        return batch.pauses

    @abstractmethod
    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Makes of the events what the service has to, in the batch's transaction; refuses those it can't use."""


def _gone(message: Message, gone: Mapping[tuple[str, bytes | None], int]) -> bool:
    return message.offset < gone.get((message.topic, message.key), 0)
