"""The parts' SQL. Every moment is the database's."""

import uuid
from datetime import timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.parts.part import GONE_AFTER, Part, PartKind, Said

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Said)


async def announce(connection: AsyncConnection, part_id: uuid.UUID, kind: PartKind, host: str, version: str, said: Said) -> None:
    """Writes a part's row anew, and takes those off the list that have been silent for long."""
    await connection.execute(
        text(
            """
            INSERT INTO parts (id, kind, host, version, said) VALUES (:id, :kind, :host, :version, :said)
            ON CONFLICT (id) DO UPDATE SET said = excluded.said, refreshed = clock_timestamp()
            """
        ),
        {"id": part_id, "kind": kind, "host": host, "version": version, "said": _encoder.encode(said).decode()},
    )
    await connection.execute(
        text(
            """
            DELETE FROM parts WHERE id IN (
                SELECT id FROM parts WHERE refreshed < clock_timestamp() - CAST(:gone AS interval) FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"gone": GONE_AFTER},
    )


async def leave(connection: AsyncConnection, part_id: uuid.UUID) -> None:
    """Takes a part off the list."""
    await connection.execute(text("DELETE FROM parts WHERE id = :id"), {"id": part_id})


async def listed(connection: AsyncConnection) -> list[Part]:
    """The parts that have announced themselves lately, APIs first, the oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT id, kind, host, version, since, refreshed, greatest(clock_timestamp() - refreshed, interval '0') AS silent, said
            FROM parts WHERE refreshed >= clock_timestamp() - CAST(:gone AS interval) ORDER BY kind, since, id
            """
        ),
        {"gone": GONE_AFTER},
    )
    return [
        Part(row.id, row.kind, row.host, row.version, row.since, row.refreshed, row.silent or timedelta(), _decoder.decode(row.said))
        for row in rows
    ]
