"""SQL of the children behind keys that a school has given to more than one."""

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentUpdated

FIRST = "~1"
"""Behind a key that more than one child has had, it names the first of them."""


async def keep(connection: AsyncConnection, students: Sequence[StudentUpdated]) -> None:
    """Keeps which of the students have a key that was another's before."""
    holders = {
        (student.school, student.key, student.student, student.key_since) for student in students if student.key and student.key_since
    }
    if holders:
        await connection.execute(
            text(
                """
                INSERT INTO key_holders (school, key, student, since) VALUES (:school, :key, :student, :since)
                ON CONFLICT (school, key, student) DO UPDATE SET since = excluded.since
                """
            ),
            [
                {"school": school, "key": key, "student": student, "since": since}
                for school, key, student, since in sorted(holders, key=lambda holder: holder[:3])
            ],
        )


async def named(connection: AsyncConnection, school: str, names: Collection[str]) -> list[str]:
    """The children whom people mean by keys: those who have them now; with `~1`, the first of a key."""
    rows = await connection.execute(
        text(
            """
            SELECT coalesce(
                (SELECT student FROM key_holders WHERE school = :school AND key = name ORDER BY since DESC LIMIT 1),
                (SELECT key FROM key_holders WHERE school = :school AND key || :first = name LIMIT 1),
                name
            ) AS student
            FROM unnest(CAST(:names AS text[])) AS w(name)
            """
        ),
        {"school": school, "names": sorted(set(names)), "first": FIRST},
    )
    return [row.student for row in rows]


async def outward(connection: AsyncConnection, school: str) -> dict[str, str]:
    """The names by which people know children whose key has been another's: the child who has it now by the key alone."""
    rows = await connection.execute(
        text("SELECT DISTINCT ON (key) key, student FROM key_holders WHERE school = :school ORDER BY key, since DESC"), {"school": school}
    )
    return {student: name for row in rows for student, name in ((row.key, row.key + FIRST), (row.student, row.key))}
