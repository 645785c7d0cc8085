"""SQL of the schools' calendars. The row of a school is also the lock on everything that is its."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import SchoolUpdated

_decoder = msgspec.json.Decoder(SchoolUpdated)


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
