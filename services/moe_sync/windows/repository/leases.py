"""SQL of the lease that makes one of many workers the one who schedules."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

SCHEDULE: Final = "schedule"


class FenceLostError(Exception):
    """Another worker has taken the lease meanwhile: nothing of this transaction may be kept."""


async def acquire(connection: AsyncConnection, holder: uuid.UUID, host: str, now: datetime, lease_for: timedelta) -> int | None:
    """Takes a lease that is free, or keeps one that is held; the fence to act under, None while another worker has it."""
    row = await connection.execute(
        text(
            """
            UPDATE leases SET
                fence = CASE WHEN holder = :holder THEN fence ELSE fence + 1 END,
                since = CASE WHEN holder = :holder THEN since ELSE :now END,
                holder = :holder, host = :host, until = :until
            WHERE name = :name AND (holder = :holder OR holder IS NULL OR until <= :now)
            RETURNING fence
            """
        ),
        {"name": SCHEDULE, "holder": holder, "host": host, "now": now, "until": now + lease_for},
    )
    return row.scalar_one_or_none()


async def hold(connection: AsyncConnection, holder: uuid.UUID, fence: int) -> None:
    """Keeps others from taking the lease until the transaction ends. Raises FenceLostError when one has."""
    held = await connection.execute(
        text("SELECT fence FROM leases WHERE name = :name AND holder = :holder AND fence = :fence FOR SHARE"),
        {"name": SCHEDULE, "holder": holder, "fence": fence},
    )
    if held.first() is None:
        raise FenceLostError


async def release(connection: AsyncConnection, holder: uuid.UUID, now: datetime) -> None:
    """Gives the lease up, so that another worker need not wait for its end."""
    await connection.execute(
        text("UPDATE leases SET holder = NULL, host = NULL, since = NULL, until = :now WHERE name = :name AND holder = :holder"),
        {"name": SCHEDULE, "holder": holder, "now": now},
    )


async def shown(connection: AsyncConnection) -> RowMapping:
    """The lease's holder, its beginning and its end."""
    rows = await connection.execute(text("SELECT host, fence, since, until FROM leases WHERE name = :name"), {"name": SCHEDULE})
    return rows.mappings().one()
