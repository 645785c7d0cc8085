"""Sending an event to a subscription until its receiver has it, wants nothing more, or was tried often enough."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.partners.courier import CERTIFICATE, Courier
from services.notifier.partners.endpoints import parse_endpoint
from services.notifier.partners.formats import body_of, media_type
from services.notifier.partners.naming import called
from services.notifier.partners.repository import subscriptions, webhook_claims, webhooks
from services.notifier.partners.repository.webhooks import Posting
from services.notifier.partners.schedule import LATER, MOST_TRIES, Answer, Delivered, GivenUp, Missed, judge, stopped_by
from services.notifier.partners.signatures import signed_headers
from services.notifier.partners.vault import Vault, WrongKeyError
from shared.clock import Clock
from shared.key_holders import repository as key_holders
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Outcome, Retry

log = structlog.get_logger()

# For faults of ours alone: what a receiver answers has a schedule of its own.
BACKOFF: Final = Backoff(timedelta(seconds=5), timedelta(hours=1), most_attempts=None)

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the courier's own bound, so that no second attempt begins while one can still succeed."""


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
        return await webhook_claims.next_due(connection, each=self.each, failing=self.failing, now=now)

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends the event, signed for this moment, unless the subscription was stopped meanwhile."""
        postings = await self._postings([item])
        return await self._post(item, postings[item.id])

    async def perform_all(self, items: Sequence[WorkItem]) -> AsyncIterator[tuple[WorkItem, Outcome]]:
        """Sends events side by side; each outcome comes when it is there."""
        postings = await self._postings(items)
        attempts = [asyncio.create_task(self._post_or_not(item, postings[item.id])) for item in items]
        try:
            for attempt in asyncio.as_completed(attempts):
                yield await attempt
        finally:
            for unfinished in attempts:
                unfinished.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)

    async def _postings(self, items: Sequence[WorkItem]) -> Mapping[uuid.UUID, Posting]:
        """The events to send, by what students are called now: a receiver looks a student up by what the event says."""
        async with self.engine.connect() as connection:
            postings = await webhooks.postings(connection, [item.id for item in items])
            names = await key_holders.outward_of(connection, {posting.event.school for posting in postings.values()})
        return {id_: replace(posting, event=called(posting.event, names)) for id_, posting in postings.items()}

    async def _post_or_not(self, item: WorkItem, posting: Posting) -> tuple[WorkItem, Outcome]:
        try:
            return item, await self._post(item, posting)
        except Exception as error:
            log.warning("work.raised", kind=item.kind, item=str(item.id), attempt=item.attempt, error=type(error).__name__)
            return item, Retry(type(error).__name__)

    async def _post(self, item: WorkItem, posting: Posting) -> Outcome:
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
        body = body_of(posting.event, posting.format)
        signed = signed_headers(secrets, posting.event.event_id, int(self.clock().timestamp()), body)
        headers = {"content-type": media_type(posting.format), **signed}
        answer = await self.courier.post(parse_endpoint(posting.url), headers, body)
        if answer.detail == CERTIFICATE:
            metrics.WEBHOOK_TROUBLE.labels("certificate").inc()
            log.error("webhook.certificate", subscription=str(posting.subscription_id), fix="the receiver's operator has to mend it")
        return judge(answer, tries, random.random())  # noqa: S311 - spreads load, keeps no secret

    async def settle_all(self, connection: AsyncConnection, ended: Sequence[tuple[WorkItem, Outcome]]) -> None:
        """Keeps what became of the deliveries, and whether their subscriptions fail or have recovered.

        Subscriptions change in the order of their ids, as another worker changes them, too.
        """
        whose = await webhooks.subscriptions_of(connection, [item.id for item, _ in ended])
        delivered = [item.id for item, outcome in ended if isinstance(outcome, Delivered)]
        if delivered:
            await webhooks.settle(connection, delivered, "delivered")
            metrics.WEBHOOKS.labels("delivered").inc(len(delivered))
        # Looked at before any is changed, so that deliveries side by side don't queue up for the one row.
        failing = await subscriptions.failing(connection, {whose[id_] for id_ in delivered}) if delivered else set()
        for item, outcome in sorted(ended, key=lambda one: whose[one[0].id]):
            subscription = whose[item.id]
            if isinstance(outcome, Delivered):
                if subscription in failing:
                    failing.discard(subscription)
                    await self._recover(connection, subscription)
            else:
                await self._settle_other(connection, item, subscription, outcome)

    async def _settle_other(self, connection: AsyncConnection, item: WorkItem, subscription: uuid.UUID, outcome: Outcome) -> None:
        match outcome:
            case GivenUp(answer=answer):
                await webhooks.settle(connection, [item.id], "failed")
                metrics.WEBHOOKS.labels("failed").inc()
                await self._count(connection, subscription, answer)
            case Missed(answer=answer):
                await self._count(connection, subscription, answer)
                if await subscriptions.state_of(connection, subscription) == "active":
                    metrics.WEBHOOKS.labels("retried").inc()
                    return
                await worklist.cancel(connection, item.id, self.clock())
                await webhooks.settle(connection, [item.id], "held")
                metrics.WEBHOOKS.labels("held").inc()
            case Retry():
                # A fault of ours is no try.
                await webhooks.pass_over(connection, item.id)

    async def _recover(self, connection: AsyncConnection, subscription: uuid.UUID) -> None:
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
