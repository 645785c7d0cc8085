"""A handler that waits while the clock is doubted: what it would decide by the time can't be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.applying import Handler
from shared.bus.interface import Message, Partition
from shared.clockwatch.watch import Doubts


@dataclass(frozen=True, slots=True)
class UnlessDoubted:
    """The handler, given nothing while there are doubts: the partitions wait, and are read again from the first message of the batch."""

    handler: Handler
    doubts: Doubts

    async def __call__(self, connection: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Handles the messages, as `shared.bus.applying.Handler` has it."""
        if not self.doubts():
            return await self.handler(connection, messages)
        first: dict[Partition, int] = {}
        for message in messages:
            first[message.source] = min(first.get(message.source, message.offset), message.offset)
        return first
