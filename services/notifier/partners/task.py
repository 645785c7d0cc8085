"""Sending an event to a subscription until its receiver has it, wants nothing more, or was tried often enough."""

import random
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
import structlog
from msgspec import Raw
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.partners.courier import CERTIFICATE, Courier
from services.notifier.partners.endpoints import parse_endpoint
from services.notifier.partners.repository import subscriptions, webhook_claims, webhooks
from services.notifier.partners.repository.partner_events import PartnerEvent
from services.notifier.partners.schedule import LATER, MOST_TRIES, Answer, Delivered, GivenUp, Missed, judge, stopped_by
from services.notifier.partners.signatures import signed_headers
from services.notifier.partners.vault import Vault, WrongKeyError
from shared.clock import Clock
from shared.events.envelope import as_cloudevent
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Outcome, Retry

log = structlog.get_logger()

# For faults of ours alone: what a receiver answers has a schedule of its own.
BACKOFF: Final = Backoff(timedelta(seconds=5), timedelta(hours=1), most_attempts=None)

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the courier's own bound, so that no second attempt begins while one can still succeed."""

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class WebhookTask:
    """One attempt after another, each on record before it begins. No transaction is open while a receiver is spoken to."""

    engine: AsyncEngine
    courier: Courier
    vault: Vault
    send_within: timedelta
    each: int
    failing: int
    clock: Clock
    backoff: Backoff = BACKOFF
    kind: ClassVar[str] = webhooks.WORK_KIND

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt."""
        return self.send_within + MARGIN

    async def claim(self, connection: AsyncConnection, *, most: int, now: datetime, under_way: Collection[UUID]) -> Sequence[WorkItem]:
        """Claims what is due, so that no subscription has more than its share under way."""
        return await webhook_claims.claim(
            connection,
            most=most,
            each=self.each,
            failing=self.failing,
            now=now,
            lease_for=self.lease,
            under_way=under_way,
        )

    async def next_due(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        """When the next delivery is due of those that there is room for."""
        return await webhook_claims.next_due(connection, each=self.each, failing=self.failing)

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends the event, signed for this moment, unless the subscription was stopped meanwhile."""
        async with self.engine.connect() as connection:
            posting = await webhooks.posting(connection, item.id)
        if not posting.active:
            return Missed("the subscription is stopped", timedelta(0))
        if not posting.wanted:
            return GivenUp("the subscription asks for it no longer")
        tries = max(item.attempt - posting.attempts_before, 1)
        if tries > MOST_TRIES:
            return GivenUp("attempts that never came to an end")
        try:
            secrets = [self.vault.open(secret) for secret in posting.secrets(self.clock())]
        except WrongKeyError:
            log.error("webhook.secret_sealed", subscription=str(posting.subscription_id), fix="set STAR_SECRETS_KEY as it was")
            return Retry("its secret can't be opened here", LATER)
        body = body_of(posting.event)
        headers = signed_headers(secrets, posting.event.event_id, int(self.clock().timestamp()), body)
        answer = await self.courier.post(parse_endpoint(posting.url), headers, body)
        if answer.detail == CERTIFICATE:
            metrics.WEBHOOK_TROUBLE.labels("certificate").inc()
            log.error("webhook.certificate", subscription=str(posting.subscription_id), fix="the receiver's operator has to mend it")
        return judge(answer, tries, random.random())  # noqa: S311 - spreads load, keeps no secret

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of the delivery, and whether its subscription fails or has recovered."""
        match outcome:
            case Delivered():
                subscription = await webhooks.settle(connection, item.id, "delivered")
                metrics.WEBHOOKS.labels("delivered").inc()
                await self._recover(connection, subscription)
            case GivenUp(answer=answer):
                subscription = await webhooks.settle(connection, item.id, "failed")
                metrics.WEBHOOKS.labels("failed").inc()
                await self._count(connection, subscription, answer)
            case Missed(answer=answer):
                subscription = await webhooks.subscription_of(connection, item.id)
                await self._count(connection, subscription, answer)
                if await subscriptions.state_of(connection, subscription) == "active":
                    metrics.WEBHOOKS.labels("retried").inc()
                    return
                await worklist.cancel(connection, item.id, self.clock())
                await webhooks.settle(connection, item.id, "held")
                metrics.WEBHOOKS.labels("held").inc()
            case Retry():
                # A fault of ours is no try.
                await webhooks.pass_over(connection, item.id)

    async def _recover(self, connection: AsyncConnection, subscription: uuid.UUID) -> None:
        # Looked at before it is changed, so that deliveries side by side don't queue up for the one row.
        if await subscriptions.failing_since(connection, subscription) is None:
            return
        if await subscriptions.recovered(connection, subscription):
            log.info("subscription.recovered", subscription=str(subscription))
            await webhooks.hurry(connection, subscription, self.clock())

    async def _count(self, connection: AsyncConnection, subscription: uuid.UUID, answer: Answer | None) -> None:
        if answer is None:
            return
        now = self.clock()
        reason = stopped_by(answer, await subscriptions.failed(connection, subscription, now), now)
        if reason is not None and await subscriptions.disable(connection, subscription, reason, now):
            metrics.SUBSCRIPTIONS_DISABLED.labels(reason).inc()
            log.warning("subscription.disabled", subscription=str(subscription), reason=reason)
            await webhooks.hold(connection, subscription, now)


def body_of(event: PartnerEvent) -> bytes:
    """The request's body: the CloudEvent as the feed says it, with the data as it was published."""
    data: Any = Raw(event.data.encode())
    return _encoder.encode(as_cloudevent(event.event_id, event.source, event.event_type, event.time, data))
