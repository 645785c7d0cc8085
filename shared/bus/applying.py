"""One batch, one transaction: what a handler makes of the messages, and that they are done with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.offsets.ledger import Ledger
from shared.telemetry import metrics

log = structlog.get_logger()

UNFORESEEN: Final = "unforeseen-error"
"""The reason of dead letters that no rule of ours foresees: their record is kept, and the fault is in our code."""


class Handler(Protocol):
    """Applies one batch in the caller's transaction."""

    async def __call__(self, connection: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Handles the messages, and answers which partitions have to wait, with the offset to read again from.

        Errors that pass by themselves (see `verdict_of`) and BatchRefusedError leave everything as it was; the same batch is given again.
        An error that a person has to mend the set-up for ends the process. For any other, the record that causes it is searched for.
        """


@dataclass
class Applier:
    """The edge of a group: it owns the transaction that a batch is applied in, and advances the group's offsets in it."""

    engine: AsyncEngine
    handler: Handler
    ledger: Ledger
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def apply(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """The handler's answer. Raises what it raises, and PartitionLostError; nothing is kept then."""
        async with self.engine.begin() as connection:
            held = await self.handler(connection, messages)
            offsets = next_offsets(messages, held)
            await self.ledger.advance(connection, offsets)
        self.ledger.advanced(offsets)
        return held

    async def set_aside(self, message: Message, error: BaseException) -> Mapping[Partition, int]:
        """Makes a record that the handler fails on a dead letter, and raises an alarm. The error's text stays out: it can hold data."""
        kind = type(error).__name__
        offsets = next_offsets([message], {})
        async with self.engine.begin() as connection:
            await self.dead_letters.keep(connection, [DeadLetter(message, UNFORESEEN, kind)], self.clock())
            await self.ledger.advance(connection, offsets)
        self.ledger.advanced(offsets)
        metrics.UNFORESEEN.labels(self.ledger.group).inc()
        log.error(
            "batch.unforeseen",
            group=self.ledger.group,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            error=kind,
            exc_info=error,
        )
        return {}


def next_offsets(messages: Sequence[Message], held: Mapping[Partition, int]) -> dict[Partition, int]:
    """The offset to read next in each partition, once these messages have been handled but for what is held."""
    return {message.source: message.offset + 1 for message in messages} | dict(held)
