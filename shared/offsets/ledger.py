"""A group's own account of what it has consumed, in its service's database."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import Committed, Log, Partition
from shared.offsets import repository
from shared.offsets.placing import Gap, Kept, place, set_back
from shared.telemetry import metrics

log = structlog.get_logger()


class PartitionLostError(Exception):
    """Another worker has advanced a partition meanwhile, or the database is another one: nothing of this transaction may be kept."""


@dataclass
class Ledger:
    """Keeps, for each partition, the topic's id and the offset to read next.

    `adopts`: where the schema was in use before it kept offsets, the group goes on from what it had committed to the bus, once.
    """

    engine: AsyncEngine
    group: str
    adopts: bool = True
    _kept: dict[Partition, Kept] = field(default_factory=dict)
    _compared: set[Partition] = field(default_factory=set)

    async def positions(self, logs: Mapping[Partition, Log], committed: Committed) -> dict[Partition, int]:
        """Where to read on. A partition that is new begins with its oldest message; what does not fit its log is put on record.

        Raises PartitionLostError when another worker of the group moves at the same moment.
        """
        async with self.engine.begin() as connection:
            kept = await repository.kept(connection, self.group)
            await self._compare(connection, kept, logs, committed)
            if logs.keys() - kept.keys():
                await repository.lock(connection, self.group)
                kept = await self._begin(connection, logs, committed)
            placed = {partition: place(self.group, partition, kept[partition], found) for partition, found in logs.items()}
            moves = {partition: (kept[partition], now) for partition, (now, _) in placed.items() if now != kept[partition]}
            gaps = [gap for _, gap in placed.values() if gap is not None]
            if moves and not await repository.advance(connection, self.group, moves):
                raise PartitionLostError(self.group)
            if gaps:
                await repository.add_gaps(connection, gaps)
            still_open = await repository.open_gaps(connection, self.group)
        self._kept = {partition: now for partition, (now, _) in placed.items()}
        _report(self.group, gaps, len(still_open))
        return {partition: now.next_offset for partition, now in self._kept.items()}

    async def advance(self, connection: AsyncConnection, offsets: Mapping[Partition, int]) -> None:
        """Notes, in the transaction that holds what was made of them, that messages are done with. Raises PartitionLostError."""
        if not offsets.keys() <= self._kept.keys():
            raise PartitionLostError(self.group)
        moves = {
            partition: (self._kept[partition], replace(self._kept[partition], next_offset=offset))
            for partition, offset in offsets.items()
            if offset != self._kept[partition].next_offset
        }
        if moves and not await repository.advance(connection, self.group, moves):
            raise PartitionLostError(self.group)

    def advanced(self, offsets: Mapping[Partition, int]) -> None:
        """The transaction has committed."""
        for partition, offset in offsets.items():
            self._kept[partition] = replace(self._kept[partition], next_offset=offset)

    async def _compare(
        self, connection: AsyncConnection, kept: Mapping[Partition, Kept], logs: Mapping[Partition, Log], committed: Committed
    ) -> None:
        """Looks once, for each partition, whether the bus knows of more than the database: then that was restored from a backup."""
        new = logs.keys() - self._compared
        if not new or (self.adopts and not kept and await repository.adopts_committed(connection)):
            return
        told = await committed()
        found = [set_back(self.group, partition, kept.get(partition), logs[partition], told.get(partition, 0)) for partition in sorted(new)]
        restores = [restore for restore in found if restore is not None]
        if restores:
            await repository.add_restores(connection, restores)
        for restore in restores:
            log.warning(
                "bus.database_restored",
                group=self.group,
                topic=restore.partition.topic,
                partition=restore.partition.number,
                from_offset=restore.from_offset,
                to_offset=restore.to_offset,
                from_time=None if restore.from_time is None else restore.from_time.isoformat(),
            )
        self._compared |= new

    async def _begin(self, connection: AsyncConnection, logs: Mapping[Partition, Log], committed: Committed) -> dict[Partition, Kept]:
        """Takes partitions up that the group has never read. The caller holds the lock."""
        kept = await repository.kept(connection, self.group)
        new = {partition: Kept(found.topic_id, found.oldest) for partition, found in logs.items() if partition not in kept}
        if self.adopts and not kept and await repository.adopts_committed(connection):
            ids = {partition.topic: found.topic_id for partition, found in logs.items()}
            # Other workers' partitions too: should they come to us before those workers know this table, they are no new ones.
            new |= {partition: Kept(ids.get(partition.topic), offset) for partition, offset in (await committed()).items()}
            log.info("bus.committed_adopted", group=self.group, partitions=len(new))
        if new:
            await repository.add(connection, self.group, new)
        return kept | new


def _report(group: str, gaps: list[Gap], still_open: int) -> None:
    metrics.OFFSET_GAPS.labels(group).set(still_open)
    for gap in gaps:
        log.error(
            "bus.gap",
            group=group,
            topic=gap.partition.topic,
            partition=gap.partition.number,
            kind=gap.kind,
            from_offset=gap.from_offset,
            to_offset=gap.to_offset,
            from_time=None if gap.from_time is None else gap.from_time.isoformat(),
            to_time=None if gap.to_time is None else gap.to_time.isoformat(),
        )
