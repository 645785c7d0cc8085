"""The moments' SQL."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def next_of(connection: AsyncConnection, name: str, now: datetime) -> datetime:
    """The next moment under one name; see `next_of_all`."""
    return (await next_of_all(connection, [name], now))[name]


async def next_of_all(connection: AsyncConnection, names: Collection[str], now: datetime) -> dict[str, datetime]:
    """A moment for each name: `now`, or a microsecond after the last one where that is later.

    Nobody else gets a moment under these names before the caller's transaction ends, so their order is that of the commits.
    """
    rows = await connection.execute(
        text(
            """
            INSERT INTO moments AS m (name, at)
            SELECT name, CAST(:now AS timestamptz) FROM unnest(CAST(:names AS text[])) AS w(name)
            ON CONFLICT (name) DO UPDATE SET at = greatest(excluded.at, m.at + interval '1 microsecond')
            RETURNING name, at
            """
        ),
        {"names": sorted(set(names)), "now": now},
    )
    return {row.name: row.at for row in rows}
