"""SQL of national student numbers, which are kept for schools that send them only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentErased


async def read_students_anew(connection: AsyncConnection) -> None:
    """Starts a new reading of the students' topic: a school wants numbers that were passed over before."""
    await connection.execute(text("UPDATE readings SET generation = generation + 1"))


async def current_reading(connection: AsyncConnection) -> tuple[int, bool]:
    """The number of the present reading of the students' topic, and whether any school sends national student numbers."""
    row = (await connection.execute(text("SELECT generation, EXISTS (SELECT FROM preferences WHERE nsn) FROM readings"))).one()
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class NationalNumber:
    """A student's national student number by their newest event: ten digits, or None when they have none."""

    student_id: UUID
    school: str
    nsn: str | None
    at: datetime


async def keep(connection: AsyncConnection, numbers: Sequence[NationalNumber]) -> None:
    """Keeps the numbers of students whose schools have switched them on, unless what is there is newer. One a student."""
    ordered = sorted(numbers, key=lambda number: number.student_id)
    given = [number for number in ordered if number.nsn is not None]
    # The lock on the choices: switched off at this moment, nothing is kept behind its back.
    await connection.execute(
        text(
            """
            WITH wanted AS (
                SELECT school FROM preferences WHERE nsn AND school = ANY(CAST(:schools AS text[])) ORDER BY school FOR SHARE
            )
            INSERT INTO nsns (student_id, school, nsn, updated_at)
            SELECT w.* FROM unnest(CAST(:ids AS uuid[]), CAST(:schools AS text[]), CAST(:nsns AS text[]), CAST(:at AS timestamptz[]))
                AS w(student_id, school, nsn, updated_at) JOIN wanted USING (school)
            ON CONFLICT (student_id) DO UPDATE SET nsn = excluded.nsn, school = excluded.school, updated_at = excluded.updated_at
            WHERE nsns.updated_at <= excluded.updated_at
            """
        ),
        {
            "ids": [number.student_id for number in given],
            "schools": [number.school for number in given],
            "nsns": [number.nsn for number in given],
            "at": [number.at for number in given],
        },
    )
    cleared = [number for number in ordered if number.nsn is None]
    await connection.execute(
        text(
            """
            DELETE FROM nsns n USING unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[])) AS w(student_id, at)
            WHERE n.student_id = w.student_id AND n.updated_at <= w.at
            """
        ),
        {"ids": [number.student_id for number in cleared], "at": [number.at for number in cleared]},
    )


async def erase(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Erases the numbers of students who have left the roster."""
    await connection.execute(text("DELETE FROM nsns WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})


async def erase_before(connection: AsyncConnection, erased: StudentErased) -> int:
    """Erases a student's number, unless it was sent again after the erasure; answers how many."""
    gone = await connection.execute(
        text("DELETE FROM nsns WHERE student_id = :student_id AND updated_at <= :erased_at"),
        {"student_id": erased.student_id, "erased_at": erased.erased_at},
    )
    return gone.rowcount


async def erase_school(connection: AsyncConnection, school: str) -> int:
    """Erases all numbers of a school; answers how many."""
    return (await connection.execute(text("DELETE FROM nsns WHERE school = :school"), {"school": school})).rowcount


async def of_students(connection: AsyncConnection, schools: Sequence[str], students: Sequence[UUID]) -> tuple[set[str], dict[UUID, str]]:
    """The schools among these that send numbers, and the numbers of these students who are theirs."""
    wanted = await connection.execute(
        text("SELECT school FROM preferences WHERE nsn AND school = ANY(CAST(:schools AS text[]))"), {"schools": list(schools)}
    )
    sending = set(wanted.scalars())
    if not sending:
        return sending, {}
    rows = await connection.execute(
        text("SELECT student_id, nsn FROM nsns WHERE school = ANY(CAST(:schools AS text[])) AND student_id = ANY(CAST(:ids AS uuid[]))"),
        {"schools": list(sending), "ids": list(students)},
    )
    return sending, {row.student_id: row.nsn for row in rows}
