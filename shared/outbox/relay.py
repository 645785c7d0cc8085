"""Carries the outbox to the bus: one relay a service at a time, in order, at least once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import BusUnavailableError, Outgoing, Publisher
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.identifiers import lock_key
from shared.outbox import repository
from shared.telemetry import metrics
from shared.waiting import wait_until_set

log = structlog.get_logger()

BATCH: Final = 500
POLL: Final = timedelta(seconds=1)
"""The bound on a message's wait should its NOTIFY be lost."""

AWAY_PAUSE: Final = 1.0

Archive = Callable[[AsyncConnection, Sequence[Outgoing]], Awaitable[None]]
"""Called with what was published, in the transaction that forgets it: what it writes is in the order of the topics."""


class Relay:
    """Publishes outbox rows, then deletes them. A crash in between publishes them again with the same ids."""

    def __init__(self, schema: str, engine: AsyncEngine, publisher: Publisher, wakeup: Wakeup, *, archive: Archive | None = None) -> None:
        self._schema = schema
        self._engine = engine
        self._publisher = publisher
        self._wakeup = wakeup
        self._archive = archive
        self._leader: AsyncConnection | None = None

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Relays until `stop` is set; what is left then waits for the next start."""
        try:
            while not stop.is_set():
                beat()
                try:
                    if await self.run_once() == BATCH:
                        continue
                    await self._wakeup.wait(POLL)
                except Exception as error:
                    if not (isinstance(error, BusUnavailableError) or is_transient(error)):
                        log.exception("outbox.failed", schema=self._schema)
                        raise
                    log.warning("outbox.waits", schema=self._schema, error=type(error).__name__)
                    await wait_until_set(stop, AWAY_PAUSE)
        finally:
            await self._resign()

    async def run_once(self) -> int:
        """Relays one batch; answers how many messages, 0 also while another process is the relay."""
        try:
            return await self._relay_batch()
        except BaseException:
            # Used again after a failure, SQLAlchemy would mend the connection, without the leadership.
            await self._resign()
            raise

    async def _relay_batch(self) -> int:
        leader = await self._lead()
        if leader is None:
            return 0
        async with leader.begin():
            pending = await repository.oldest(leader, BATCH)
            waiting = await repository.count(leader) if len(pending) == BATCH else len(pending)
        metrics.OUTBOX_PENDING.labels(self._schema).set(waiting)
        if not pending:
            return 0
        messages = [row.message for row in pending]
        await self._publisher.publish(messages)
        # On the connection that holds the leadership: once that is lost, nothing here can commit.
        async with leader.begin():
            if self._archive is not None:
                await self._archive(leader, messages)
            await repository.remove(leader, [row.id for row in pending])
        metrics.OUTBOX_PENDING.labels(self._schema).set(waiting - len(pending))
        for message in messages:
            event_type = dict(message.headers).get("ce_type", b"tombstone").decode()
            metrics.OUTBOX_PUBLISHED.labels(self._schema, event_type).inc()
        return len(messages)

    async def _lead(self) -> AsyncConnection | None:
        if self._leader is None:
            self._leader = await self._engine.connect()
            async with self._leader.begin():
                key = {"key": lock_key("relay", self._schema)}
                leads = (await self._leader.execute(text("SELECT pg_try_advisory_lock(:key)"), key)).scalar()
            if not leads:
                standby, self._leader = self._leader, None
                await standby.close()
        return self._leader

    async def _resign(self) -> None:
        leader, self._leader = self._leader, None
        if leader is not None:
            # Closing for real: the leadership is a lock that lives as long as the connection.
            await leader.invalidate()
            await leader.close()
