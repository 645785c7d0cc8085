"""Each event for partners becomes a webhook for each subscription that wants it: one batch of messages, one transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.repository import partner_events, webhooks
from services.notifier.partners.repository.partner_events import PartnerEvent
from services.notifier.partners.signatures import can_be_signed
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message
from shared.events import topics
from shared.events.catalogue import PARTNER_EVENTS
from shared.events.envelope import Event

log = structlog.get_logger()

TOPICS: Final = (topics.CROSSINGS, topics.APPROACHES, topics.RESPONSES, topics.PLANS)


@dataclass(kw_only=True)
class PartnerEventsHandler(BatchHandler):
    """Handles the topics of crossings, approaches, responses and plans. `kept` is how long events can be replayed."""

    kept: timedelta

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch; no partition ever has to wait."""
        events: list[PartnerEvent] = []
        for message, event in batch.events:
            if not isinstance(event, Event) or event.type not in PARTNER_EVENTS or event.time < batch.now - self.kept:
                continue
            if can_be_signed(event.id):
                events.append(_partner_event(message, event))
            else:
                batch.refuse(message, "bad-id", "an id that a webhook can't carry")
        # An id that was kept before is a repeat: subscriptions that asked for it then have a delivery of it, sent or not.
        positions = await partner_events.add(connection, events)
        deliveries = await webhooks.fan_out(connection, positions, batch.now)
        if deliveries:
            log.info("webhooks.due", events=len(positions), deliveries=deliveries)


def _partner_event(message: Message, event: Event) -> PartnerEvent:
    data: Any = event.data
    assert message.value is not None
    return PartnerEvent(event.id, event.type.name, event.source, data.school, event.time, message.value.decode())
