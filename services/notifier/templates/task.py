"""Sending a letter on trial, the way that letters go."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.delivery.transports.interface import Transport
from services.notifier.templates.repository import trials
from shared.clock import Clock
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome

# Somebody is waiting for it: what has not gone out within the hour is asked for again.
BACKOFF: Final = Backoff(timedelta(seconds=10), timedelta(minutes=10), most_attempts=10)

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the transport's own bound."""


@dataclass(frozen=True, slots=True)
class TrialTask:
    """One attempt after another, through the transport of all letters."""

    engine: AsyncEngine
    email: Transport
    send_within: timedelta
    clock: Clock
    backoff: Backoff = BACKOFF
    kind: ClassVar[str] = trials.WORK_KIND

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt."""
        return self.send_within + MARGIN

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends what was written. No transaction is open meanwhile."""
        async with self.engine.connect() as connection:
            parcel = await trials.to_send(connection, item.id)
        return Done("settled before") if parcel is None else await self.email.send(parcel)

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Keeps what became of it."""
        match outcome:
            case Done():
                await trials.settle(connection, item.id, sent_at=self.clock(), reason=None)
            case Failed(detail):
                await trials.settle(connection, item.id, sent_at=None, reason=detail)
