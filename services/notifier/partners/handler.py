"""Each event for partners becomes a webhook for each subscription that wants it: one batch of messages, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.partners.repository import partner_events, webhooks
from services.notifier.partners.repository.partner_events import PartnerEvent
from services.notifier.partners.signatures import can_be_signed
from shared.bus.interface import Message, Partition
from shared.clock import Clock
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events import topics
from shared.events.catalogue import PARTNER_EVENTS
from shared.events.envelope import Event

log = structlog.get_logger()

GROUP = "partners"
TOPICS: Final = (topics.CROSSINGS, topics.RESPONSES, topics.PLANS)


@dataclass(frozen=True, slots=True)
class PartnerEventsHandler:
    """Handles the topics of crossings, responses and plans. `kept` is how long events can be replayed."""

    engine: AsyncEngine
    box: DeadLetterBox
    kept: timedelta
    clock: Clock

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies a batch; no partition ever has to wait."""
        read, poison = read_events(messages)
        now = self.clock()
        events: list[PartnerEvent] = []
        for message, content in read:
            if not isinstance(content, Event):
                continue
            if content.type not in PARTNER_EVENTS or content.time < now - self.kept:
                continue
            if can_be_signed(content.id):
                events.append(_kept(message, content))
            else:
                poison.append(DeadLetter(message, "bad-id", "an id that a webhook can't carry"))
        async with self.engine.begin() as connection:
            await self.box.keep(connection, poison, now)
            await self._spread(connection, events)
        return {}

    async def _spread(self, connection: AsyncConnection, events: Sequence[PartnerEvent]) -> None:
        # An id that was kept before is a repeat: whoever asked for it then has a delivery of it, sent or not.
        positions = await partner_events.add(connection, events)
        deliveries = await webhooks.fan_out(connection, positions, self.clock())
        if deliveries:
            log.info("webhooks.due", events=len(positions), deliveries=deliveries)


def _kept(message: Message, event: Event) -> PartnerEvent:
    data: Any = event.data
    assert message.value is not None
    return PartnerEvent(event.id, event.type.name, event.source, data.school, event.time, message.value.decode())
