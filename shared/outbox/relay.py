"""Carries the outbox to the bus: one relay a service at a time, in order, at least once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import BusUnavailableError, MessageTooLargeError, Outgoing, Publisher
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.leases.lease import FenceLostError, Lease
from shared.outbox import repository
from shared.outbox.repository import Pending
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

LEASE: Final = "relay"
BATCH: Final = 500
POLL: Final = timedelta(seconds=1)
"""The bound on a message's wait should its NOTIFY be lost, and how often a standby looks whether it may lead."""

AWAY_PAUSE: Final = 1.0
SAID_EVERY: Final = 30
"""Tries in vain between lines of the log: while a broker is away, it says so twice a minute."""

STUCK_AFTER: Final = timedelta(minutes=1)
"""An oldest message of this age says that nobody carries the outbox: a leader's death is made good in a quarter of that."""


class OutboxStuckError(RuntimeError):
    """The outbox does not move: look at the relays and at the bus."""


async def outbox_moves(engine: AsyncEngine) -> None:
    """Raises OutboxStuckError when what waits has waited too long, whoever the relay is."""
    async with engine.connect() as connection:
        backlog = await repository.backlog(connection)
    if backlog.age > STUCK_AFTER:
        raise OutboxStuckError(f"the oldest event has waited for {backlog.age}")


Archive = Callable[[AsyncConnection, Sequence[Outgoing]], Awaitable[None]]
"""Called with what was published, in the transaction that forgets it: what it writes is in the order of the topics."""


class Relay:
    """Publishes outbox rows, then deletes them. A crash in between publishes them again with the same ids.

    A message that the broker finds too large is set aside, with an alarm, and tried again when a relay starts the next time.
    """

    def __init__(
        self, schema: str, engine: AsyncEngine, publisher: Publisher, wakeup: Wakeup, lease: Lease, *, archive: Archive | None = None
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._publisher = publisher
        self._wakeup = wakeup
        self._lease = lease
        self._archive = archive
        self._started = False

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Relays until `stop` is set; what is left then waits for the next start."""
        in_vain = 0
        try:
            while not stop.is_set():
                beat()
                try:
                    relayed = await self.run_once()
                    in_vain = 0
                    if relayed == BATCH:
                        continue
                    await self._wakeup.wait(POLL)
                except FenceLostError:
                    log.warning("outbox.fenced", schema=self._schema)
                except Exception as error:
                    if not (isinstance(error, BusUnavailableError) or is_transient(error)):
                        log.exception("outbox.failed", schema=self._schema)
                        raise
                    if in_vain % SAID_EVERY == 0:
                        log.warning("outbox.waits", schema=self._schema, error=type(error).__name__)
                    in_vain += 1
                    await wait_until_set(stop, AWAY_PAUSE)
        finally:
            await self._lease.give_up()

    async def run_once(self) -> int:
        """Relays one batch; answers how many messages, 0 also while another process is the relay."""
        try:
            return await self._relay_batch()
        except Exception:
            # Another process may reach what this one can't.
            await self._lease.give_up()
            raise

    async def _relay_batch(self) -> int:
        leads = await self._lease.keep()
        async with self._engine.begin() as connection:
            if leads and not self._started:
                await repository.take_back_refused(connection)
                self._started = True
            pending = await repository.oldest(connection, BATCH) if leads else []
            backlog = await repository.backlog(connection)
        # Standbys say it too, so that a leader that stands still can't make the backlog look small.
        metrics.OUTBOX_PENDING.labels(self._schema).set(backlog.count)
        metrics.OUTBOX_AGE_SECONDS.labels(self._schema).set(backlog.age.total_seconds())
        metrics.OUTBOX_REFUSED.labels(self._schema).set(backlog.refused)
        if leads:
            metrics.LAST_SUCCESS.labels(self._schema, "relay").set_to_current_time()
        if not pending or not self._lease.has_time_left():
            return 0
        sent, refused = await self._publish(pending)
        async with self._engine.begin() as connection:
            await self._lease.prove(connection)
            if self._archive is not None:
                await self._archive(connection, [row.message for row in sent])
            await repository.remove(connection, [row.id for row in sent])
            await repository.refuse(connection, [row.id for row in refused])
        metrics.OUTBOX_PENDING.labels(self._schema).set(max(backlog.count - len(pending), 0))
        for message in (row.message for row in sent):
            event_type = dict(message.headers).get("ce_type", b"tombstone").decode()
            metrics.OUTBOX_PUBLISHED.labels(self._schema, event_type).inc()
        return len(pending)

    async def _publish(self, pending: Sequence[Pending]) -> tuple[Sequence[Pending], Sequence[Pending]]:
        """Which messages the bus has taken, and which it refuses, whatever is tried."""
        try:
            await self._publisher.publish([row.message for row in pending])
        except MessageTooLargeError as error:
            if not error.refused:
                raise
            refused = [row for row in pending if row.message in error.refused]
            log.error("outbox.refused", schema=self._schema, messages=len(refused), reason=str(error))
            return [row for row in pending if row not in refused], refused
        return pending, []
