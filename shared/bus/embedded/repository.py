"""The logs' SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.headers import headers_from_text, headers_to_text
from shared.bus.interface import Log, Message, Outgoing, Partition
from shared.bus.lag import GroupLag

CHANNEL: Final = "star_bus"

_LOCK_PARTITIONS = text(
    """
    SELECT p.topic, p.partition, p.next_offset
    FROM partitions p
    JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS int[])) AS w(topic, partition) USING (topic, partition)
    ORDER BY p.topic, p.partition
    FOR NO KEY UPDATE OF p
    """
)
_ADVANCE = text(
    """
    UPDATE partitions p SET next_offset = w.next_offset
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS w(topic, partition, next_offset)
    WHERE p.topic = w.topic AND p.partition = w.partition
    """
)
# 0.1.0 names no topic, and listens whatever is named.
_WAKE = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")
_INSERT = text(
    """
    INSERT INTO messages (topic, partition, "offset", key, value, headers)
    SELECT * FROM unnest(
        CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
        CAST(:keys AS bytea[]), CAST(:values AS bytea[]), CAST(:headers AS text[])
    )
    """
)
_FETCH = text(
    """
    SELECT m.topic, m.partition, m."offset", m.key, m.value, m.headers
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]))
        WITH ORDINALITY AS w(topic, partition, "offset", turn)
    CROSS JOIN LATERAL (
        SELECT * FROM messages m
        WHERE m.topic = w.topic AND m.partition = w.partition AND m."offset" >= w."offset"
        ORDER BY m."offset" LIMIT :most
    ) m
    ORDER BY w.turn, m."offset"
    LIMIT :most
    """
)
_LOGS = text(
    """
    SELECT p.topic, p.partition, p.topic_id, p.first_offset, p.next_offset, m.appended_at
    FROM partitions p
    LEFT JOIN messages m ON m.topic = p.topic AND m.partition = p.partition AND m."offset" = p.first_offset
    WHERE p.topic = ANY(CAST(:topics AS text[]))
    ORDER BY p.topic, p.partition
    """
)
_COMMITTED = text(
    """
    SELECT topic, partition, next_offset FROM offsets
    WHERE consumer_group = :consumer_group AND topic = ANY(CAST(:topics AS text[]))
    """
)
_COMMIT = text(
    """
    INSERT INTO offsets (consumer_group, topic, partition, next_offset)
    SELECT :consumer_group, w.topic, w.partition, w.next_offset
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS w(topic, partition, next_offset)
    ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET next_offset = excluded.next_offset
    """
)
_LAGS = text(
    """
    SELECT g.consumer_group, p.topic, p.partition, at.position, p.next_offset,
        coalesce(greatest(0, extract(epoch FROM clock_timestamp() - m.appended_at)), 0)::float
    FROM (SELECT DISTINCT consumer_group, topic FROM offsets) g
    JOIN partitions p ON p.topic = g.topic
    LEFT JOIN offsets o ON o.consumer_group = g.consumer_group AND o.topic = p.topic AND o.partition = p.partition
    CROSS JOIN LATERAL (SELECT greatest(coalesce(o.next_offset, 0), p.first_offset) AS position) at
    LEFT JOIN LATERAL (
        SELECT m.appended_at FROM messages m
        WHERE m.topic = p.topic AND m.partition = p.partition AND m."offset" >= at.position
        ORDER BY m."offset" LIMIT 1
    ) m ON true
    ORDER BY g.consumer_group, p.topic, p.partition
    """
)
_DROP_OLD = text(
    """
    WITH dropped AS (
        DELETE FROM messages WHERE (topic, partition, "offset") IN (
            SELECT topic, partition, "offset" FROM messages WHERE topic = :topic AND appended_at < :before
            ORDER BY partition, "offset" LIMIT :most
        )
        RETURNING partition, "offset"
    ),
    advanced AS (
        UPDATE partitions p SET first_offset = greatest(p.first_offset, d.last + 1)
        FROM (SELECT partition, max("offset") AS last FROM dropped GROUP BY partition) d
        WHERE p.topic = :topic AND p.partition = d.partition
    )
    SELECT count(*) FROM dropped
    """
)
_DROP_SUPERSEDED = text(
    """
    DELETE FROM messages WHERE (topic, partition, "offset") IN (
        SELECT m.topic, m.partition, m."offset" FROM messages m
        WHERE m.topic = :topic AND EXISTS (
            SELECT FROM messages n
            WHERE n.topic = m.topic AND n.partition = m.partition AND n.key = m.key AND n."offset" > m."offset"
        )
        LIMIT :most
    )
    """
)
_DROP_TOMBSTONES = text(
    """
    DELETE FROM messages WHERE (topic, partition, "offset") IN (
        SELECT m.topic, m.partition, m."offset" FROM messages m
        WHERE m.topic = :topic AND m.value IS NULL AND m.appended_at < :before AND NOT EXISTS (
            SELECT FROM messages n
            WHERE n.topic = m.topic AND n.partition = m.partition AND n.key = m.key AND n."offset" < m."offset"
        )
        LIMIT :most
    )
    """
)


async def create_partitions(connection: AsyncConnection, topics: Iterable[str], count: int) -> None:
    """Creates the partitions of topics that have none; the number of an existing topic stays, as keys depend on it."""
    await connection.execute(
        text(
            """
            INSERT INTO partitions (topic, partition, topic_id)
            SELECT w.topic, n, w.topic_id
            FROM (SELECT topic, gen_random_uuid() AS topic_id FROM unnest(CAST(:topics AS text[])) AS topic) w,
                generate_series(0, :count - 1) n
            WHERE NOT EXISTS (SELECT FROM partitions p WHERE p.topic = w.topic)
            ON CONFLICT DO NOTHING
            """
        ),
        {"topics": list(topics), "count": count},
    )


async def partition_counts(connection: AsyncConnection) -> dict[str, int]:
    """How many partitions each topic has."""
    rows = await connection.execute(text("SELECT topic, count(*) AS partitions FROM partitions GROUP BY topic"))
    return {row.topic: row.partitions for row in rows}


async def append(connection: AsyncConnection, messages: Sequence[tuple[int, Outgoing]]) -> None:
    """Appends messages to their (topic, partition) logs, in the order given, and wakes the readers at commit."""
    wanted = sorted({(message.topic, partition) for partition, message in messages})
    keys = {"topics": [topic for topic, _ in wanted], "partitions": [partition for _, partition in wanted]}
    next_offsets = {(row[0], row[1]): row[2] for row in await connection.execute(_LOCK_PARTITIONS, keys)}
    offsets = []
    for partition, message in messages:
        offset = next_offsets[message.topic, partition]
        next_offsets[message.topic, partition] = offset + 1
        offsets.append(offset)
    rows = {
        "topics": [message.topic for _, message in messages],
        "partitions": [partition for partition, _ in messages],
        "offsets": offsets,
        "keys": [message.key for _, message in messages],
        "values": [message.value for _, message in messages],
        "headers": [headers_to_text(message.headers) for _, message in messages],
    }
    await connection.execute(_INSERT, rows)
    await connection.execute(_ADVANCE, keys | {"offsets": [next_offsets[log] for log in wanted]})
    await connection.execute(_WAKE, {"channel": CHANNEL, "topics": sorted({topic for topic, _ in wanted})})


async def logs(connection: AsyncConnection, topics: Sequence[str]) -> dict[Partition, Log]:
    """Every partition of the topics, as it is now."""
    rows = await connection.execute(_LOGS, {"topics": list(topics)})
    return {Partition(topic, partition): Log(*log) for topic, partition, *log in rows}


async def committed(connection: AsyncConnection, group: str, topics: Sequence[str]) -> dict[Partition, int]:
    """The offsets that the group has committed, by partition; without those of which it has committed none."""
    rows = await connection.execute(_COMMITTED, {"consumer_group": group, "topics": list(topics)})
    return {Partition(topic, partition): offset for topic, partition, offset in rows}


async def lags(connection: AsyncConnection) -> list[GroupLag]:
    """Every group that has committed, at every partition of its topics, in order."""
    return [GroupLag(*row) for row in await connection.execute(_LAGS)]


async def fetch(connection: AsyncConnection, offsets: Mapping[Partition, int], most: int) -> list[Message]:
    """Up to `most` messages from these offsets on, taking the partitions in the order given."""
    rows = await connection.execute(_FETCH, _columns(offsets) | {"most": most})
    return [
        Message(topic, partition, offset, key, value, headers_from_text(headers)) for topic, partition, offset, key, value, headers in rows
    ]


async def commit(connection: AsyncConnection, group: str, offsets: Mapping[Partition, int]) -> None:
    """Keeps the offsets that the group reads next."""
    await connection.execute(_COMMIT, {"consumer_group": group} | _columns(offsets))


async def drop_older(connection: AsyncConnection, topic: str, before: datetime, most: int) -> int:
    """Deletes up to `most` of a topic's messages from before a moment; answers how many."""
    return int((await connection.execute(_DROP_OLD, {"topic": topic, "before": before, "most": most})).scalar_one())


async def drop_superseded(connection: AsyncConnection, topic: str, most: int) -> int:
    """Deletes up to `most` messages whose key has a newer one; answers how many."""
    return (await connection.execute(_DROP_SUPERSEDED, {"topic": topic, "most": most})).rowcount


async def drop_tombstones(connection: AsyncConnection, topic: str, before: datetime, most: int) -> int:
    """Deletes up to `most` tombstones from before a moment that hide no older message any more; answers how many."""
    return (await connection.execute(_DROP_TOMBSTONES, {"topic": topic, "before": before, "most": most})).rowcount


def _columns(offsets: Mapping[Partition, int]) -> dict[str, object]:
    return {
        "topics": [partition.topic for partition in offsets],
        "partitions": [partition.number for partition in offsets],
        "offsets": list(offsets.values()),
    }
