"""The review of a school's plan falls due, and things come to its staff: one batch of messages, one transaction."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import contacts, promises
from services.notifier.staff_mail.repository import notices
from shared.addresses import usable_address
from shared.batch import Batch, BatchHandler
from shared.events.data import DutiesDue, PlanPublished, PlanReviewDue
from shared.events.envelope import Event

log = structlog.get_logger()


@dataclass(kw_only=True)
class PlansHandler(BatchHandler):
    """Handles the topic of plans. The publication of a plan is no news to the school, which published it; letters promise what it names."""

    message_id_domain: str
    tell_within: timedelta = timedelta(days=14)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Puts an e-mail on the worklist for each review that falls due and for each person's reminders, and keeps what published plans
        name."""
        for _, event in batch.events:
            match event:
                case Event(data=PlanPublished() as published):
                    await promises.put(connection, published)
                case Event(data=PlanReviewDue() | DutiesDue()) if batch.now - event.time > self.tell_within:
                    log.info("plan_review.not_told", event_id=event.id, reason="it was said too long ago")
                case Event(data=PlanReviewDue() as review):
                    await notices.add_plan_review(
                        connection, review.school, event.id, review.version, review.review_on, self.message_id_domain, batch.now
                    )
                case Event(data=DutiesDue() as due):
                    await self._remind(connection, event.id, due, batch)

    async def _remind(self, connection: AsyncConnection, event_id: str, due: DutiesDue, batch: Batch) -> None:
        """To the address that the school's list has for the person now; where it has none any more, nobody is told."""
        school = await contacts.school(connection, due.school)
        staff = school.event().staff if school is not None else None
        member = next((member for member in staff.people if member.account == due.account), None) if staff is not None else None
        if member is None or usable_address(member.email) is None:
            log.info("duties.not_told", event_id=event_id, reason="the school lists no address")
            return
        assert member.email is not None
        about = {
            "account": due.account,
            "day": due.day.isoformat(),
            "duties": msgspec.to_builtins(due.duties),
            "waiting": due.waiting,
            "near": msgspec.to_builtins(due.near),
        }
        await notices.add_duties(connection, event_id, due.school, due.account, member.email, about, self.message_id_domain, batch.now)
