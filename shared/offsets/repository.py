"""SQL of consumed offsets and of gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.interface import Partition
from shared.identifiers import lock_key
from shared.offsets.placing import Gap, Kept, Restore

_ADVANCE = text(
    """
    UPDATE consumed c SET topic_id = w.topic_id, next_offset = w.next_offset, moved_at = now()
    FROM unnest(
        CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:ids_before AS uuid[]), CAST(:before AS bigint[]),
        CAST(:ids AS uuid[]), CAST(:offsets AS bigint[])
    ) AS w(topic, partition, id_before, before, topic_id, next_offset)
    WHERE c.consumer_group = :consumer_group AND c.topic = w.topic AND c.partition = w.partition
        AND c.topic_id IS NOT DISTINCT FROM w.id_before AND c.next_offset = w.before
    """
)


async def lock(connection: AsyncConnection, group: str) -> None:
    """Keeps other workers of the group from placing it for the first time, too."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("offsets", group)})


async def kept(connection: AsyncConnection, group: str) -> dict[Partition, Kept]:
    """The offsets that a group has consumed."""
    rows = await connection.execute(
        text("SELECT topic, partition, topic_id, next_offset, moved_at FROM consumed WHERE consumer_group = :consumer_group"),
        {"consumer_group": group},
    )
    return {Partition(topic, partition): Kept(*entry) for topic, partition, *entry in rows}


async def groups(connection: AsyncConnection) -> list[str]:
    """The groups of this schema that have consumed anything, in order."""
    return list((await connection.execute(text("SELECT DISTINCT consumer_group FROM consumed ORDER BY 1"))).scalars())


async def adopts_committed(connection: AsyncConnection) -> bool:
    """Whether groups that have kept nothing here yet have committed to the bus what this schema made of it."""
    return bool((await connection.execute(text("SELECT EXISTS (SELECT FROM adopts_committed)"))).scalar())


async def add(connection: AsyncConnection, group: str, entries: Mapping[Partition, Kept]) -> None:
    """Keeps partitions for the first time."""
    ordered = sorted(entries)
    await connection.execute(
        text(
            """
            INSERT INTO consumed (consumer_group, topic, partition, topic_id, next_offset)
            SELECT :consumer_group, w.* FROM unnest(
                CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:ids AS uuid[]), CAST(:offsets AS bigint[])
            ) AS w
            """
        ),
        {
            "consumer_group": group,
            "topics": [partition.topic for partition in ordered],
            "partitions": [partition.number for partition in ordered],
            "ids": [entries[partition].topic_id for partition in ordered],
            "offsets": [entries[partition].next_offset for partition in ordered],
        },
    )


async def advance(connection: AsyncConnection, group: str, moves: Mapping[Partition, tuple[Kept, Kept]]) -> bool:
    """Moves offsets from what they were to what they are to be; False when one of them was not there any more."""
    ordered = sorted(moves)
    before, after = [moves[partition][0] for partition in ordered], [moves[partition][1] for partition in ordered]
    moved = await connection.execute(
        _ADVANCE,
        {
            "consumer_group": group,
            "topics": [partition.topic for partition in ordered],
            "partitions": [partition.number for partition in ordered],
            "ids_before": [entry.topic_id for entry in before],
            "before": [entry.next_offset for entry in before],
            "ids": [entry.topic_id for entry in after],
            "offsets": [entry.next_offset for entry in after],
        },
    )
    return moved.rowcount == len(ordered)


async def forget_others(connection: AsyncConnection, prefix: str, group: str) -> None:
    """Forgets what groups of this prefix have consumed, but for one: the rest will not read any more."""
    await connection.execute(
        text("DELETE FROM consumed WHERE starts_with(consumer_group, :prefix) AND consumer_group <> :consumer_group"),
        {"prefix": prefix, "consumer_group": group},
    )


@dataclass(frozen=True, slots=True)
class KeptGap(Gap):
    """A gap as it is on record."""

    id: int
    found_at: datetime


async def add_gaps(connection: AsyncConnection, gaps: Sequence[Gap]) -> None:
    """Puts findings on record."""
    rows: list[dict[str, Any]] = [
        {
            "consumer_group": gap.group,
            "topic": gap.partition.topic,
            "partition": gap.partition.number,
            "kind": gap.kind,
            "from_offset": gap.from_offset,
            "to_offset": gap.to_offset,
            "from_time": gap.from_time,
            "to_time": gap.to_time,
        }
        for gap in gaps
    ]
    await connection.execute(
        text(
            """
            INSERT INTO offset_gaps (consumer_group, topic, partition, kind, from_offset, to_offset, from_time, to_time)
            VALUES (:consumer_group, :topic, :partition, :kind, :from_offset, :to_offset, :from_time, :to_time)
            """
        ),
        rows,
    )


async def open_gaps(connection: AsyncConnection, group: str | None = None) -> list[KeptGap]:
    """The gaps that nobody has settled yet, oldest first; of one group, or of the whole schema."""
    rows = await connection.execute(
        text(
            """
            SELECT consumer_group, topic, partition, kind, from_offset, to_offset, from_time, to_time, id, found_at
            FROM offset_gaps
            WHERE settled_at IS NULL AND (CAST(:consumer_group AS text) IS NULL OR consumer_group = :consumer_group)
            ORDER BY id
            """
        ),
        {"consumer_group": group},
    )
    return [KeptGap(name, Partition(topic, partition), kind, *rest) for name, topic, partition, kind, *rest in rows]


async def settle_gaps(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Notes that a person has dealt with gaps; answers how many were open."""
    settled = await connection.execute(
        text("UPDATE offset_gaps SET settled_at = now() WHERE id = ANY(CAST(:ids AS bigint[])) AND settled_at IS NULL"), {"ids": list(ids)}
    )
    return settled.rowcount


async def add_restores(connection: AsyncConnection, restores: Sequence[Restore]) -> None:
    """Puts findings on record, but for those that are there.

    In the first day of a schema that takes over what was committed, processes of the release before may be what is ahead.
    """
    await connection.execute(
        text(
            """
            INSERT INTO restores (consumer_group, topic, partition, from_offset, to_offset, from_time)
            SELECT :consumer_group, :topic, :partition, :from_offset, :to_offset, CAST(:from_time AS timestamptz)
            WHERE NOT EXISTS (SELECT FROM adopts_committed WHERE since > now() - interval '1 day')
            ON CONFLICT DO NOTHING
            """
        ),
        [
            {
                "consumer_group": restore.group,
                "topic": restore.partition.topic,
                "partition": restore.partition.number,
                "from_offset": restore.from_offset,
                "to_offset": restore.to_offset,
                "from_time": restore.from_time,
            }
            for restore in restores
        ],
    )


async def restored_at(connection: AsyncConnection, group: str) -> datetime | None:
    """When it was last found that the database was put back, as far as this group is concerned; None if it never was."""
    last = text("SELECT max(found_at) FROM restores WHERE consumer_group = :consumer_group")
    found: datetime | None = (await connection.execute(last, {"consumer_group": group})).scalar()
    return found


async def read_partitions(connection: AsyncConnection) -> dict[str, int]:
    """How many partitions of each topic the groups of this schema have read from, up to the highest."""
    rows = await connection.execute(text("SELECT topic, max(partition) + 1 AS partitions FROM consumed GROUP BY topic"))
    return {row.topic: row.partitions for row in rows}


async def forget_settled_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` gaps that a person dealt with before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM offset_gaps WHERE id IN (
                SELECT id FROM offset_gaps WHERE settled_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
