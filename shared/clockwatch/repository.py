"""The SQL of the latest time that a service has seen."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def see(connection: AsyncConnection, now: datetime, jump: timedelta) -> datetime:
    """Moves the latest time on to `now`, unless that is more than `jump` past it; answers the latest time."""
    rows = await connection.execute(
        text(
            """
            INSERT INTO clock AS c (last_seen) VALUES (:now)
            ON CONFLICT (single) DO UPDATE SET last_seen = CASE
                WHEN excluded.last_seen - c.last_seen > CAST(:jump AS interval) THEN c.last_seen
                ELSE greatest(c.last_seen, excluded.last_seen) END
            RETURNING last_seen
            """
        ),
        {"now": now, "jump": jump},
    )
    last_seen: datetime = rows.scalar_one()
    return last_seen


async def accept(connection: AsyncConnection, now: datetime) -> None:
    """Takes `now` for the latest time, whether it is far past what was seen or before it."""
    await connection.execute(
        text("INSERT INTO clock (last_seen) VALUES (:now) ON CONFLICT (single) DO UPDATE SET last_seen = excluded.last_seen"), {"now": now}
    )


async def last_seen(connection: AsyncConnection) -> datetime | None:
    """The latest time; None where no worker has run yet."""
    moment: datetime | None = (await connection.execute(text("SELECT last_seen FROM clock"))).scalar()
    return moment
