"""Crossings and responses into our copy of STAR records and responses: one batch, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.items import repository as items
from services.moe_sync.items.facts import Fact, facts_of
from services.moe_sync.items.tracking import place_of, track
from services.moe_sync.roster.unfit import UNFIT, UnfitEventError
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events.envelope import Event


@dataclass
class RecordsHandler:
    """Keeps STAR records and responses, and every state they were in."""

    engine: AsyncEngine
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits: a response may come before its record, and stays at home until then."""
        read, letters = read_events(messages)
        said: list[tuple[Message, list[Fact]]] = []
        for message, event in read:
            if not isinstance(event, Event):
                letters.append(DeadLetter(message, UNFIT, "records are withdrawn by events, not by tombstones"))
                continue
            try:
                said.append((message, list(facts_of(event))))
            except UnfitEventError as error:
                letters.append(DeadLetter(message, UNFIT, str(error)))
        async with self.engine.begin() as connection:
            await self._apply(connection, said, letters)
            await self.dead_letters.keep(connection, letters, self.clock())
        return {}

    async def _apply(self, connection: AsyncConnection, said: Sequence[tuple[Message, Sequence[Fact]]], letters: list[DeadLetter]) -> None:
        if not said:
            return
        known = await items.lock(connection, [place_of(fact) for _, facts in said for fact in facts])
        fitting: list[Fact] = []
        for message, facts in said:
            if any(known[place_of(fact).id].place.kind != place_of(fact).kind for fact in facts):
                letters.append(DeadLetter(message, UNFIT, "its id is that of an item of another kind"))
                continue
            fitting.extend(facts)
        versions = track(fitting, known)
        await items.save(connection, list(known.values()), versions)
