"""Reads the logs for a group."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.embedded import repository
from shared.bus.interface import BusUnavailableError, Message, Partition, Positions, check_topics
from shared.db.errors import is_transient
from shared.db.listen import Wakeup
from shared.leases.lease import FenceLostError, Lease

log = structlog.get_logger()

T = TypeVar("T")

TAKEOVER_POLL: Final = timedelta(milliseconds=500)
"""How often a standby looks whether the group's reader is gone."""

QUERY_TIMEOUT: Final = 30.0
"""Seconds for one look at the database; it takes milliseconds, and a batch of the largest messages a few seconds."""


class EmbeddedConsumer:
    """One reader of a group, which owns the group by a lease, and proves it in each commit."""

    def __init__(self, engine: AsyncEngine, lease: Lease, group: str, topics: Sequence[str], wakeup: Wakeup, positions: Positions) -> None:
        self._engine = engine
        self._lease = lease
        self._group = group
        self._topics = topics
        self._wakeup = wakeup
        self._look_up = positions
        self._connection: AsyncConnection | None = None
        self._positions: dict[Partition, int] = {}
        self._placed = False
        self._at_end = False
        self._paused: set[Partition] = set()

    async def start(self) -> None:
        """Nothing to do: the first fetch connects."""

    async def fetch(self, *, most: int, wait: timedelta) -> Sequence[Message]:
        """Up to `most` messages; empty while another reader owns the group."""
        if not await self._guarded(self._own()):
            await asyncio.sleep(min(wait, TAKEOVER_POLL).total_seconds())
            return []
        await self._place()
        at_end, self._at_end = self._at_end, False
        messages = [] if at_end else await self._guarded(self._read(most))
        if not messages:
            await self._wakeup.wait(wait)
            messages = await self._guarded(self._read(most)) if self._lease.has_time_left() else []
            # Whatever comes from now on rings: to look again before the next wait would find nothing.
            self._at_end = not messages
        for message in messages:
            self._positions[message.source] = message.offset + 1
        self._rotate(messages)
        return messages

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Keeps offsets, unless the ownership has been lost meanwhile."""
        if not offsets:
            return
        try:
            await self._guarded(self._commit(offsets))
        except (BusUnavailableError, FenceLostError):
            # Whoever owns the group next reads from the last commit.
            log.info("bus.commit_discarded", group=self._group, partitions=len(offsets))

    def relocate(self) -> None:
        """Looks up where to read on before the next fetch."""
        self._placed = self._at_end = False

    def rewind(self, offsets: Mapping[Partition, int]) -> None:
        """Reads on from these offsets."""
        self._at_end = False
        self._positions.update((partition, offset) for partition, offset in offsets.items() if partition in self._positions)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Leaves these partitions out."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Reads these partitions again."""
        self._paused.difference_update(partitions)
        self._wakeup.ring()

    async def stop(self) -> None:
        """Gives the group up."""
        await self._disconnect()
        await self._lease.give_up()

    async def _own(self) -> bool:
        led = self._lease.has_time_left()
        if not await self._lease.keep():
            await self._disconnect()
            return False
        if not led:
            self._paused.clear()
            self.relocate()
        if self._connection is None:
            self._connection = await self._engine.connect()
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
        return True

    async def _commit(self, offsets: Mapping[Partition, int]) -> None:
        async with self._engine.begin() as connection:
            await self._lease.prove(connection)
            await repository.commit(connection, self._group, offsets)

    async def _place(self) -> None:
        if self._placed:
            return
        assert self._connection is not None
        logs = await self._guarded(repository.logs(self._connection, self._topics))
        try:
            check_topics(self._topics, (partition.topic for partition in logs))
        except BusUnavailableError:
            await self._disconnect()
            raise
        positions = await self._look_up(logs, self._committed)
        kept = [partition for partition in self._positions if partition in positions]
        # In their present order, so that no partition's turn comes twice.
        self._positions = {partition: positions[partition] for partition in dict.fromkeys([*kept, *positions])}
        self._placed = True

    async def _committed(self) -> dict[Partition, int]:
        assert self._connection is not None
        return await self._guarded(repository.committed(self._connection, self._group, self._topics))

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # For real, and not back to the pool: a query may be under way.
            await connection.invalidate()
            await connection.close()

    async def _read(self, most: int) -> list[Message]:
        assert self._connection is not None
        wanted = {partition: offset for partition, offset in self._positions.items() if partition not in self._paused}
        return await repository.fetch(self._connection, wanted, most) if wanted else []

    def _rotate(self, messages: Sequence[Message]) -> None:
        """Puts the partitions just read at the end, so that a busy one can't starve the rest."""
        for partition in dict.fromkeys(message.source for message in messages):
            self._positions[partition] = self._positions.pop(partition)

    async def _guarded(self, work: Awaitable[T]) -> T:
        """The work's result. However it fails, a cancellation included, the connection goes."""
        try:
            async with asyncio.timeout(QUERY_TIMEOUT):
                return await work
        except BaseException as error:
            await self._disconnect()
            if is_transient(error):
                raise BusUnavailableError("the database is away") from error
            raise
