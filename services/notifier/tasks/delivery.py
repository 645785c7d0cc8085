"""Sending a letter to one recipient, until it is sent, will never be, or must not be any more."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.letters import Case, Draft
from services.notifier.repository import cases, deliveries
from services.notifier.repository.deliveries import DeliveryKey
from services.notifier.transports.interface import Channel, Transport
from services.notifier.withdrawals import close
from shared.clock import Clock
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

# Half a minute is a greylisting server's usual patience. A hundred attempts, an hour apart in the end, are about three days, which
# outlasts a weekend's outage.
BACKOFF: Final = Backoff(timedelta(seconds=30), timedelta(hours=1), most_attempts=100)

MARGIN: Final = timedelta(minutes=1)
"""What the lease leaves beyond the transport's own bound, so that no second attempt begins while one can still succeed."""


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """One attempt after another, each on record before it begins. No transaction is open while the mail server is spoken to."""

    engine: AsyncEngine
    transports: Mapping[Channel, Transport]
    hold: timedelta
    send_within: timedelta
    clock: Clock
    backoff: Backoff = BACKOFF
    kind: ClassVar[str] = deliveries.WORK_KIND
    lease: timedelta = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lease", self.send_within + MARGIN)

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends what was written, unless it was withdrawn meanwhile."""
        async with self.engine.connect() as connection:
            parcel = await deliveries.to_send(connection, item.id)
        if parcel is not None:
            return await self.transports[parcel.channel].send(parcel)
        async with self.engine.begin() as connection:
            await self._cancel(connection, item.id)
        return Done("withdrawn, not sent")

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of the delivery, and of its letter where that was withdrawn during the attempt."""
        key = await deliveries.key_of(connection, item.id)
        case = await self._lock(connection, key)
        match outcome:
            case Done():
                if await deliveries.sent(connection, item.id, self.clock()):
                    metrics.LETTERS.labels("sent").inc()
            case Failed(detail):
                if await deliveries.failed(connection, item.id, detail):
                    metrics.LETTERS.labels("failed").inc()
                    await self._close(connection, case, key)
            case Retry():
                reason = await deliveries.withdrawal_of(connection, item.id)
                if reason is not None:
                    await worklist.cancel(connection, item.id, self.clock())
                    await deliveries.cancelled(connection, item.id, reason)
                    await self._close(connection, case, key)

    async def _cancel(self, connection: AsyncConnection, delivery_id: uuid.UUID) -> None:
        key = await deliveries.key_of(connection, delivery_id)
        case = await self._lock(connection, key)
        reason = await deliveries.withdrawal_of(connection, delivery_id)
        if reason is not None and await deliveries.cancelled(connection, delivery_id, reason):
            await self._close(connection, case, key)

    async def _lock(self, connection: AsyncConnection, key: DeliveryKey) -> Case:
        return (await cases.lock(connection, [(key.student_id, key.term)]))[key.student_id, key.term]

    async def _close(self, connection: AsyncConnection, case: Case, key: DeliveryKey) -> None:
        now = self.clock()
        await close(connection, case, key.letter_id, Draft(uuid.uuid4(), uuid.uuid4(), now + self.hold), now)
