"""SQL of the schools' calendars. The row of a school is also the lock on everything that is its."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.calendars import KEPT
from shared.events.data import SchoolUpdated

_decoder = msgspec.json.Decoder(SchoolUpdated)


@lru_cache(KEPT)
def _read(document: str) -> SchoolUpdated:
    # Most requests are about a school whose document has not changed since the last one: then its calendar is at hand, too.
    return _decoder.decode(document)


async def lock(connection: AsyncConnection, schools: Sequence[str]) -> dict[str, datetime]:
    """Locks the schools that are known until the transaction ends, and answers when each was last updated.

    One writer a school at a time: whatever changes a school's register holds this lock, taken in the order of the numbers.
    """
    rows = await connection.execute(
        text(
            """
            SELECT school, updated_at FROM schools WHERE school = ANY(CAST(:schools AS text[]))
            ORDER BY school FOR NO KEY UPDATE
            """
        ),
        {"schools": sorted(schools)},
    )
    return {row.school: row.updated_at for row in rows}


async def get(connection: AsyncConnection, schools: Sequence[str]) -> list[SchoolUpdated]:
    """The schools as they were last sent."""
    rows = await connection.execute(
        text("SELECT document FROM schools WHERE school = ANY(CAST(:schools AS text[]))"), {"schools": list(schools)}
    )
    return [_read(row.document) for row in rows]


async def page(
    connection: AsyncConnection, own: Sequence[str] | None, after: str | None, most: int, *, region: str | None = None
) -> list[SchoolUpdated]:
    """Up to so many schools by number, from behind `after` on; `own` None means all, and so does `region`."""
    rows = await connection.execute(
        text(
            """
            SELECT document FROM schools
            WHERE (CAST(:own AS text[]) IS NULL OR school = ANY(CAST(:own AS text[])))
              AND (CAST(:after AS text) IS NULL OR school > :after)
              AND (CAST(:region AS text) IS NULL OR CAST(document AS json) ->> 'region' = :region)
            ORDER BY school LIMIT :most
            """
        ),
        {"own": None if own is None else list(own), "after": after, "most": most, "region": region},
    )
    return [_decoder.decode(row.document) for row in rows]


async def put(connection: AsyncConnection, school: SchoolUpdated) -> bool:
    """Keeps a school; False when what is there is newer. Leaves the school locked."""
    result = await connection.execute(
        text(
            """
            INSERT INTO schools (school, document, updated_at) VALUES (:school, :document, :updated_at)
            ON CONFLICT (school) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at
            WHERE schools.updated_at < excluded.updated_at
            """
        ),
        {"school": school.school, "document": msgspec.json.encode(school).decode(), "updated_at": school.updated_at},
    )
    return result.rowcount == 1


async def numbers(connection: AsyncConnection) -> list[str]:
    """All schools, in order."""
    rows = await connection.execute(text("SELECT school FROM schools ORDER BY school"))
    return [row.school for row in rows]
