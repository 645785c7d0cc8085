"""SQL of the events feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed.cursors import Cursor, Event, Feed

CHANNEL = "star_feed"


async def append(connection: AsyncConnection, events: Sequence[Mapping[str, Any]]) -> None:
    """Adds events in their order; those that are in the feed already are passed over. Only the relay calls this."""
    await connection.execute(
        text(
            """
            INSERT INTO feed (event_id, event_type, source, school, time, data)
            SELECT event_id, event_type, source, school, time, data
            FROM unnest(
                CAST(:event_ids AS text[]), CAST(:event_types AS text[]), CAST(:sources AS text[]), CAST(:schools AS text[]),
                CAST(:times AS timestamptz[]), CAST(:data AS text[])
            ) WITH ORDINALITY AS event (event_id, event_type, source, school, time, data, place)
            ORDER BY place
            ON CONFLICT (event_id) DO NOTHING
            """
        ),
        {
            "event_ids": [event["event_id"] for event in events],
            "event_types": [event["event_type"] for event in events],
            "sources": [event["source"] for event in events],
            "schools": [event["school"] for event in events],
            "times": [event["time"] for event in events],
            "data": [event["data"] for event in events],
        },
    )
    await connection.execute(text(f"NOTIFY {CHANNEL}"))


async def after(connection: AsyncConnection, *, position: int, schools: Sequence[str] | None, limit: int) -> list[Event]:
    """The places of the events behind a position, oldest first; `schools` None means all."""
    rows = await connection.execute(
        text(
            """
            SELECT position, event_id, time FROM feed
            WHERE position > :position AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
            ORDER BY position LIMIT :limit
            """
        ),
        {"position": position, "schools": None if schools is None else list(schools), "limit": limit},
    )
    return [Event(row.position, row.event_id, row.time) for row in rows]


async def at(connection: AsyncConnection, positions: Sequence[int]) -> list[RowMapping]:
    """The events at these positions, those that are kept."""
    rows = await connection.execute(
        text("SELECT position, event_id, event_type, source, time, data FROM feed WHERE position = ANY(CAST(:positions AS bigint[]))"),
        {"positions": list(positions)},
    )
    return list(rows.mappings())


async def beside(connection: AsyncConnection, cursor: Cursor, end: int = 0) -> Feed:
    """The feed as it stands, beside a cursor, with the event at the position `end`."""
    rows = await connection.execute(
        text(
            """
            SELECT here.event_id, here.time, oldest.position AS oldest, last.event_id AS last_id, last.time AS last_time,
                coalesce(pg_sequence_last_value(pg_get_serial_sequence('feed', 'position')::regclass), 0) AS given
            FROM (VALUES (CAST(:position AS bigint))) asked (position)
            LEFT JOIN feed here USING (position)
            LEFT JOIN feed last ON last.position = CAST(:end AS bigint)
            CROSS JOIN (SELECT min(position) AS position FROM feed) oldest
            """
        ),
        {"position": cursor.position, "end": end},
    )
    row = rows.one()
    at = None if row.event_id is None else Event(cursor.position, row.event_id, row.time)
    return Feed(at, row.oldest, row.given, None if row.last_id is None else Event(end, row.last_id, row.last_time))


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to so many events from before a moment, oldest first; answers how many."""
    dropped = await connection.execute(
        text(
            """
            DELETE FROM feed WHERE position IN (
                SELECT position FROM (SELECT position, time FROM feed ORDER BY position LIMIT :most) oldest WHERE time < :moment
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return dropped.rowcount
