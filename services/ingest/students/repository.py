"""Students as they were published last: SQL."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber, lock_key

_encoder = msgspec.json.Encoder()
_student = msgspec.json.Decoder(StudentUpdated)


async def lock(connection: AsyncConnection, school: SchoolNumber) -> None:
    """Nobody else changes the school's students until the transaction ends: each change is merged into the one before it."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("students", school)})


async def stored(connection: AsyncConnection, school: SchoolNumber, students: Collection[str]) -> dict[str, StudentUpdated]:
    """Those of the students who are stored, by key."""
    rows = await connection.execute(
        text(
            """
            SELECT student, CAST(document AS text) AS document FROM students
            WHERE school = :school AND student = ANY(CAST(:students AS text[]))
            """
        ),
        {"school": school, "students": sorted(students)},
    )
    return {row.student: _student.decode(row.document) for row in rows}


async def keys(connection: AsyncConnection, school: SchoolNumber) -> set[str]:
    """The keys of all of a school's students."""
    rows = await connection.execute(text("SELECT student FROM students WHERE school = :school"), {"school": school})
    return {row.student for row in rows}


async def put(connection: AsyncConnection, students: Sequence[StudentUpdated]) -> None:
    """Stores students, each there once."""
    ordered = sorted(students, key=lambda student: (student.school, student.student))
    await connection.execute(
        text(
            """
            INSERT INTO students (school, student, document)
            SELECT school, student, CAST(document AS jsonb)
            FROM unnest(CAST(:schools AS text[]), CAST(:students AS text[]), CAST(:documents AS text[])) AS w(school, student, document)
            ON CONFLICT (school, student) DO UPDATE SET document = excluded.document
            """
        ),
        {
            "schools": [student.school for student in ordered],
            "students": [student.student for student in ordered],
            "documents": [_encoder.encode(student).decode() for student in ordered],
        },
    )


async def remove(connection: AsyncConnection, school: SchoolNumber, students: Collection[str]) -> None:
    """Forgets students who have left."""
    await connection.execute(
        text("DELETE FROM students WHERE school = :school AND student = ANY(CAST(:students AS text[]))"),
        {"school": school, "students": sorted(students)},
    )
