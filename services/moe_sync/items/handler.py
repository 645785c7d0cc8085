"""Crossings and responses into our copy of STAR records and responses: one batch, one transaction."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.items import repository as items
from services.moe_sync.items.facts import Fact, facts_of
from services.moe_sync.items.holders import holders_in
from services.moe_sync.items.tracking import identity_of, track
from services.moe_sync.roster.unfit import UNFIT, UnfitEventError
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message
from shared.events.envelope import Event
from shared.key_holders import repository as key_holders


@dataclass
class RecordsHandler(BatchHandler):
    """Keeps STAR records and responses, and every state they were in.

    A response may come before its record, and stays at home until then.
    """

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events. None of them ever waits."""
        read = _facts(batch)
        if not read:
            return
        tracked = await items.lock(connection, [identity_of(fact) for _, facts in read for fact in facts])
        fitting: list[Fact] = []
        for message, facts in read:
            if any(tracked[identity_of(fact).id].identity.kind != identity_of(fact).kind for fact in facts):
                batch.refuse(message, UNFIT, "its id is that of an item of another kind")
                continue
            fitting.extend(facts)
        await key_holders.keep(connection, holders_in(fitting))
        versions = track(fitting, tracked, batch.now)
        await items.save(connection, list(tracked.values()), versions)


def _facts(batch: Batch) -> list[tuple[Message, list[Fact]]]:
    read: list[tuple[Message, list[Fact]]] = []
    for message, event in batch.events:
        if not isinstance(event, Event):
            batch.refuse(message, UNFIT, "records are withdrawn by events, not by tombstones")
            continue
        try:
            read.append((message, list(facts_of(event))))
        except UnfitEventError as error:
            batch.refuse(message, UNFIT, str(error))
    return read
