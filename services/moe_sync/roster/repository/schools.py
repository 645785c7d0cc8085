"""SQL of schools. The row of a school is the lock on its windows and its uploads."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.school import School

_decoder = msgspec.json.Decoder(School)

_SCHOOL = "SELECT CAST(s.document AS text), p.closes FROM schools s LEFT JOIN preferences p USING (school)"


async def put(connection: AsyncConnection, school: School) -> bool:
    """Keeps a school, and holds its lock; False when what is there is as new."""
    result = await connection.execute(
        text(
            """
            INSERT INTO schools (school, document, updated_at) VALUES (:school, CAST(:document AS jsonb), :updated_at)
            ON CONFLICT (school) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at, rests = false
            WHERE schools.updated_at < excluded.updated_at
            """
        ),
        {"school": school.school, "document": msgspec.json.encode(school).decode(), "updated_at": school.updated_at},
    )
    return result.rowcount == 1


async def get(connection: AsyncConnection, number: str) -> School | None:
    """A school as it was last sent."""
    row = (await connection.execute(text(f"{_SCHOOL} WHERE s.school = :school"), {"school": number})).one_or_none()
    return None if row is None else _school(*row)


async def lock(connection: AsyncConnection, number: str) -> School | None:
    """A school, with the lock that orders whatever builds and settles its uploads, until the transaction ends."""
    return (await lock_many(connection, [number])).get(number)


async def lock_many(connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, School]:
    """Schools with their locks, taken in order."""
    # Locked first and read after: a choice made while this waited counts.
    await connection.execute(
        text("SELECT school FROM schools WHERE school = ANY(CAST(:schools AS text[])) ORDER BY school FOR NO KEY UPDATE"),
        {"schools": list(numbers)},
    )
    rows = await connection.execute(text(f"{_SCHOOL} WHERE s.school = ANY(CAST(:schools AS text[]))"), {"schools": list(numbers)})
    return {school.school: school for school in (_school(*row) for row in rows)}


async def close_for_good(connection: AsyncConnection, number: str) -> None:
    """Takes the terms from a school that is gone: no more windows. Its uploads stay."""
    await connection.execute(
        text("UPDATE schools SET document = jsonb_set(document, '{dates}', '[]') WHERE school = :school"), {"school": number}
    )


async def rest(connection: AsyncConnection, numbers: Sequence[str]) -> None:
    """Notes that schools have no week left to close; what they are sent with next wakes them."""
    await connection.execute(
        text("UPDATE schools SET rests = true WHERE school = ANY(CAST(:schools AS text[]))"), {"schools": list(numbers)}
    )


async def without_window(connection: AsyncConnection, after: str, most: int) -> list[str]:
    """Schools behind a number that have no open window although they may have a week left: their chain was never begun, or is broken."""
    rows = await connection.execute(
        text(
            """
            SELECT school FROM schools s
            WHERE school > :after AND NOT rests AND NOT EXISTS (SELECT FROM windows w WHERE w.school = s.school AND w.done_at IS NULL)
            ORDER BY school LIMIT :most
            """
        ),
        {"after": after, "most": most},
    )
    return list(rows.scalars())


def _school(document: str, closes: str | None) -> School:
    return replace(_decoder.decode(document), closes=closes)
