"""The leases' SQL. Every moment is the database's: no host's clock decides who leads."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Holding:
    """A lease as it stands. `host` and `since` are None while nobody holds it; `is_current` is false also once it has run out."""

    name: str
    host: str | None
    fence: int
    since: datetime | None
    until: datetime
    is_current: bool


async def acquire(connection: AsyncConnection, name: str, holder: uuid.UUID, host: str, length: timedelta) -> int | None:
    """Takes a lease that is free, or keeps one that is held; the fence to act under, None while another process has it.

    A lease whose end lies further ahead than its whole length was given while the database's clock was ahead: it is nobody's.
    """
    row = await connection.execute(
        text(
            """
            INSERT INTO leases AS l (name, holder, host, fence, since, until)
            VALUES (:name, :holder, :host, 1, clock_timestamp(), clock_timestamp() + CAST(:length AS interval))
            ON CONFLICT (name) DO UPDATE SET
                fence = CASE WHEN l.holder = excluded.holder THEN l.fence ELSE l.fence + 1 END,
                since = CASE WHEN l.holder = excluded.holder THEN l.since ELSE excluded.since END,
                holder = excluded.holder, host = excluded.host, until = excluded.until
            WHERE l.holder IS NULL OR l.holder = excluded.holder
                OR l.until <= clock_timestamp() OR l.until > clock_timestamp() + CAST(:length AS interval)
            RETURNING fence, set_config('idle_in_transaction_session_timeout', :idle, true)
            """
        ),
        {"name": name, "holder": holder, "host": host, "length": length, "idle": _milliseconds(length)},
    )
    taken = row.one_or_none()
    return None if taken is None else int(taken.fence)


async def is_held(connection: AsyncConnection, name: str, holder: uuid.UUID, fence: int, length: timedelta) -> bool:
    """Whether the holder still has the lease under this fence; if so, nobody can take it before the transaction has ended.

    If a holder freezes in that transaction, the server ends the transaction after the lease's length.
    """
    row = await connection.execute(
        text(
            """
            SELECT set_config('idle_in_transaction_session_timeout', :idle, true)
            FROM leases WHERE name = :name AND holder = :holder AND fence = :fence FOR SHARE
            """
        ),
        {"name": name, "holder": holder, "fence": fence, "idle": _milliseconds(length)},
    )
    return row.first() is not None


async def release(connection: AsyncConnection, name: str, holder: uuid.UUID) -> None:
    """Gives the lease up, so that another process need not wait for its end."""
    await connection.execute(
        text(
            """
            UPDATE leases SET holder = NULL, host = NULL, since = NULL, until = clock_timestamp()
            WHERE name = :name AND holder = :holder
            """
        ),
        {"name": name, "holder": holder},
    )


async def holding(connection: AsyncConnection, name: str) -> Holding | None:
    """The lease as it stands; None when nobody has ever held it."""
    rows = await connection.execute(
        text(
            """
            SELECT name, host, fence, since, until, holder IS NOT NULL AND until > clock_timestamp() FROM leases WHERE name = :name
            """
        ),
        {"name": name},
    )
    row = rows.one_or_none()
    return None if row is None else Holding(*row)


def _milliseconds(length: timedelta) -> str:
    return str(length // timedelta(milliseconds=1))
