"""SQL of the events feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

CHANNEL = "star_feed"


async def append(connection: AsyncConnection, events: Sequence[Mapping[str, Any]]) -> None:
    """Adds events in their order; those that are in the feed already are passed over. Only the relay calls this."""
    await connection.execute(
        text(
            """
            INSERT INTO feed (event_id, event_type, source, school, time, data)
            VALUES (:event_id, :event_type, :source, :school, :time, :data)
            ON CONFLICT (event_id) DO NOTHING
            """
        ),
        events,
    )
    await connection.execute(text(f"NOTIFY {CHANNEL}"))


async def after(connection: AsyncConnection, *, position: int, schools: Sequence[str] | None, limit: int) -> list[RowMapping]:
    """Events behind a position, oldest first; `schools` None means all."""
    rows = await connection.execute(
        text(
            """
            SELECT position, event_id, event_type, source, time, data FROM feed
            WHERE position > :position AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
            ORDER BY position LIMIT :limit
            """
        ),
        {"position": position, "schools": None if schools is None else list(schools), "limit": limit},
    )
    return list(rows.mappings())


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
