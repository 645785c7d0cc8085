"""Sending a letter to one recipient, until it is sent, will never be, or must not be any more."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.correspondents import may_receive
from services.notifier.contacts.recipients import Channel
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.delivery.bounces.recording import record
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.deliveries.delivery import DeliveryKey, DueDelivery
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.interface import Transport
from services.notifier.delivery.transports.outcomes import Away, Deferred, Full, Ours, Refused, Undelivered, Unwanted
from services.notifier.delivery.transports.rate import LONGEST_WAIT
from shared.clock import Clock
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

MOST_REFUSALS: Final = 100

# Half a minute is a greylisting server's usual patience. A hundred attempts, an hour apart in the end, are about three days, which
# outlasts a weekend's outage.
BACKOFF: Final = Backoff(timedelta(seconds=30), timedelta(hours=1), most_attempts=MOST_REFUSALS)

FULL_PAUSE: Final = timedelta(hours=4)
FULL_FOR: Final = timedelta(days=5)
"""How long a mailbox may stay full before its letter is given up: what RFC 5321, section 4.5.4.1, has servers try for."""

DELIVER_WITHIN: Final = timedelta(days=14)
"""How long a letter is tried while our own side, or the other's, is out of order. After that the letter is out of date."""

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the transport's own bound, so that no second attempt begins while one can still succeed."""

SOFT_LIMIT: Final = 3


CloseLetter = Callable[[AsyncConnection, DeliveryKey, datetime], Awaitable[None]]
"""Ends the letter of a settled delivery, if nothing of it went out or still can, because it was withdrawn or its recipients are none any
more. The delivery's case is locked."""


RenewDelivery = Callable[[AsyncConnection, uuid.UUID], Awaitable[None]]
"""Writes a delivery anew by what is so now, or keeps it back."""


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """One attempt after another, each on record before it begins. No transaction is open while the other side is spoken to."""

    engine: AsyncEngine
    transports: Mapping[Channel, Transport]
    close_letter: CloseLetter
    renew: RenewDelivery
    send_within: timedelta
    clock: Clock
    backoff: Backoff = BACKOFF
    soft_limit: int = SOFT_LIMIT
    kind: ClassVar[str] = deliveries.WORK_KIND

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt."""
        return self.send_within + LONGEST_WAIT + MARGIN

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends what was written, and is still so; unless it was withdrawn, or its address turned out to be a bad one."""
        async with self.engine.connect() as connection:
            due = await deliveries.to_send(connection, item.id)
        if due is not None and due.is_stale:
            async with self.engine.begin() as connection:
                await self.renew(connection, item.id)
        async with self.engine.connect() as connection:
            due = await deliveries.to_send(connection, item.id) if due is not None and due.is_stale else due
            is_bad = due is not None and await bad_addresses.is_bad(connection, due.school, due.parcel.recipient)
            may_go = due is None or await self._may_go(connection, due)
        if due is None:
            async with self.engine.begin() as connection:
                await self._cancel(connection, item)
            return Done("withdrawn, not sent")
        if not may_go:
            async with self.engine.begin() as connection:
                await self._keep_back(connection, item)
            return Done("the recipient must not be written to any more, not sent")
        if is_bad:
            return Failed("a bad address: letters came back from it, and nothing was sent")
        transport = self.transports.get(due.parcel.channel)
        if transport is None:
            outcome: Outcome = Ours(f"no way out for the channel {due.parcel.channel}")
        else:
            outcome = await transport.send(due.parcel)
        _warn(due, outcome)
        return self._judged(due, outcome)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of the delivery, and of its letter where that was withdrawn during the attempt."""
        key = await deliveries.lock(connection, item.id)
        match outcome:
            case Done():
                if await deliveries.sent(connection, item.id, self.clock()):
                    metrics.LETTERS.labels("sent").inc()
            case Failed(detail):
                if await deliveries.failed(connection, item.id, detail):
                    metrics.LETTERS.labels("failed").inc()
                    if isinstance(outcome, Undelivered):
                        bounce = Bounce(outcome.bounce, outcome.code, "answer")
                        await record(connection, key, bounce, self.soft_limit, self.clock())
                    await self.close_letter(connection, key, self.clock())
            case Retry():
                if isinstance(outcome, Deferred):
                    await deliveries.refused(connection, item.id)
                reason = await deliveries.withdrawal_of(connection, item.id)
                if reason is not None:
                    await worklist.cancel(connection, item.id, self.clock())
                    await deliveries.cancelled(connection, item.id, reason)
                    await self.close_letter(connection, key, self.clock())

    def _judged(self, due: DueDelivery, outcome: Outcome) -> Outcome:
        """The outcome, unless the letter has been tried for long enough: how long is decided here, and not by the number of attempts."""
        tried_for = self.clock() - due.parcel.written_at
        match outcome:
            case Full(detail):
                if tried_for >= FULL_FOR:
                    return Refused(f"given up after {tried_for.days} days: {detail}", "5.2.2")
                return Full(detail, FULL_PAUSE, counts=False)
            case Deferred(detail) if due.refusals + 1 >= MOST_REFUSALS:
                return Refused(f"given up after {due.refusals + 1} attempts: {detail}", "4.4.7")
            case Away(detail) | Ours(detail) if tried_for >= DELIVER_WITHIN:
                return Failed(f"given up after {tried_for.days} days: {detail}")
        return replace(outcome, counts=False) if isinstance(outcome, Deferred | Away | Ours) else outcome

    async def _may_go(self, connection: AsyncConnection, due: DueDelivery) -> bool:
        """Whether the recipient is still one to write to: the roster may have changed since the letter was written."""
        contact = await contacts.contact(connection, due.student_id)
        if contact is None:
            return True
        return may_receive(due.parcel.recipient, contact.caregivers, await decisions.of(connection, due.school))

    async def _keep_back(self, connection: AsyncConnection, item: WorkItem) -> None:
        key = await deliveries.lock(connection, item.id)
        if await deliveries.cancelled(connection, item.id, "no-correspondent"):
            metrics.LETTERS.labels("kept-back").inc()
            log.info("delivery.kept_back", delivery=str(item.id), school=key.school)
            await self.close_letter(connection, key, self.clock())

    async def _cancel(self, connection: AsyncConnection, item: WorkItem) -> None:
        key = await deliveries.lock(connection, item.id)
        reason = await deliveries.withdrawal_of(connection, item.id)
        if reason is not None:
            await deliveries.cancelled(connection, item.id, reason)
        await self.close_letter(connection, key, self.clock())


def _warn(due: DueDelivery, outcome: Outcome) -> None:
    """The trouble that a person has to look at, or mend."""
    channel = due.parcel.channel
    match outcome:
        case Ours(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "set-up").inc()
            log.error("delivery.misconfigured", channel=channel, delivery=str(due.parcel.id), detail=detail)
        case Away(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "away").inc()
            log.warning("delivery.away", channel=channel, delivery=str(due.parcel.id), detail=detail)
        case Unwanted(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "policy").inc()
            log.warning("delivery.unwanted", channel=channel, delivery=str(due.parcel.id), detail=detail)
