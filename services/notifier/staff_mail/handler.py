"""The review of a school's plan falls due: one batch of messages, one transaction."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import promises
from services.notifier.staff_mail.repository import notices
from shared.batch import Batch, BatchHandler
from shared.events.data import PlanPublished, PlanReviewDue
from shared.events.envelope import Event

log = structlog.get_logger()


@dataclass(kw_only=True)
class PlansHandler(BatchHandler):
    """Handles the topic of plans. The publication of a plan is no news to the school, which published it; letters promise what it names."""

    message_id_domain: str
    tell_within: timedelta = timedelta(days=14)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Puts an e-mail on the worklist for each event that a review falls due, and keeps what published plans name."""
        for _, event in batch.events:
            if isinstance(event, Event) and isinstance(event.data, PlanPublished):
                await promises.put(connection, event.data)
            if not isinstance(event, Event) or not isinstance(event.data, PlanReviewDue):
                continue
            if batch.now - event.time > self.tell_within:
                log.info("plan_review.not_told", event_id=event.id, reason="it was said too long ago")
                continue
            review = event.data
            await notices.add_plan_review(
                connection, review.school, event.id, review.version, review.review_on, self.message_id_domain, batch.now
            )
