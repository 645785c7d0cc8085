"""The review of a school's plan falls due: one batch of messages, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.staff_mail.repository import notices
from shared.bus.interface import Message, Partition
from shared.clock import Clock
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.reading import read_events
from shared.events.data import PlanReviewDue
from shared.events.envelope import Event

log = structlog.get_logger()

GROUP = "plans"


@dataclass(frozen=True, slots=True)
class PlansHandler:
    """Handles the topic of plans. That one was published is nobody's news: who published it knows."""

    engine: AsyncEngine
    box: DeadLetterBox
    message_id_domain: str
    clock: Clock
    tell_within: timedelta = timedelta(days=14)

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Puts an e-mail on the worklist for each review that is said to fall due, once for each time it is noticed."""
        read, poison = read_events(messages)
        events = [content for _, content in read if isinstance(content, Event)]
        now = self.clock()
        async with self.engine.begin() as connection:
            await self.box.keep(connection, poison, now)
            for event in events:
                if isinstance(event.data, PlanReviewDue):
                    await self._tell(connection, event, event.data)
        return {}

    async def _tell(self, connection: AsyncConnection, event: Event, data: PlanReviewDue) -> None:
        now = self.clock()
        if now - event.time > self.tell_within:
            log.info("plan_review.not_told", event_id=event.id, reason="it was said too long ago")
            return
        await notices.add_plan_review(connection, data.school, event.id, data.version, data.review_on, self.message_id_domain, now)
