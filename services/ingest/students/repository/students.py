"""Students as they were published last: SQL."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentErased, StudentUpdated
from shared.identifiers import SchoolNumber, lock_key
from shared.turns import in_turns

AT_ONCE: Final = 500
"""Documents that are read or written at a stretch, at some microseconds each."""

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
    return {row.student: _student.decode(row.document) async for row in in_turns(rows, AT_ONCE)}


async def keys(connection: AsyncConnection, school: SchoolNumber) -> set[str]:
    """The keys of all of a school's students."""
    rows = await connection.execute(text("SELECT student FROM students WHERE school = :school"), {"school": school})
    return {row.student for row in rows}


async def count(connection: AsyncConnection, school: SchoolNumber) -> int:
    """How many students a school has."""
    query = text("SELECT count(*) FROM students WHERE school = :school")
    students: int = (await connection.execute(query, {"school": school})).scalar_one()
    return students


async def everybody(connection: AsyncConnection, school: SchoolNumber) -> list[StudentUpdated]:
    """All of a school's students."""
    rows = await connection.execute(
        text("SELECT CAST(document AS text) AS document FROM students WHERE school = :school ORDER BY student"), {"school": school}
    )
    return [_student.decode(row.document) for row in rows]


async def put(connection: AsyncConnection, students: Sequence[StudentUpdated], quiet: Collection[str] | None = None) -> None:
    """Stores students, each there once. `quiet` are words that stop letters to their caregivers; None leaves those that are stored."""
    ordered = sorted(students, key=lambda student: (student.school, student.student))
    await connection.execute(
        text(
            """
            INSERT INTO students (school, student, document, quiet_words)
            SELECT school, student, CAST(document AS jsonb), CAST(:quiet AS text[])
            FROM unnest(CAST(:schools AS text[]), CAST(:students AS text[]), CAST(:documents AS text[])) AS w(school, student, document)
            ON CONFLICT (school, student) DO UPDATE
            SET document = excluded.document, quiet_words = coalesce(excluded.quiet_words, students.quiet_words)
            """
        ),
        {
            "schools": [student.school for student in ordered],
            "students": [student.student for student in ordered],
            "documents": [_encoder.encode(student).decode() async for student in in_turns(ordered, AT_ONCE)],
            "quiet": None if quiet is None else sorted(quiet),
        },
    )


async def quiet_words(connection: AsyncConnection, school: SchoolNumber, students: Collection[str]) -> dict[str, frozenset[str]]:
    """The words that stop letters to caregivers, of those students who have any, by key."""
    rows = await connection.execute(
        text(
            """
            SELECT student, quiet_words FROM students
            WHERE school = :school AND student = ANY(CAST(:students AS text[])) AND quiet_words IS NOT NULL
            """
        ),
        {"school": school, "students": sorted(students)},
    )
    return {row.student: frozenset(row.quiet_words) for row in rows}


async def note_quiet_words(connection: AsyncConnection, school: SchoolNumber, students: Collection[str], quiet: Collection[str]) -> None:
    """Keeps the words that stop letters to caregivers of students who are stored, where they are others than before."""
    await connection.execute(
        text(
            """
            UPDATE students SET quiet_words = CAST(:quiet AS text[])
            WHERE school = :school AND student = ANY(CAST(:students AS text[])) AND quiet_words IS DISTINCT FROM CAST(:quiet AS text[])
            """
        ),
        {"school": school, "students": sorted(students), "quiet": sorted(quiet)},
    )


async def erase(connection: AsyncConnection, erased: StudentErased) -> int:
    """Deletes a student as they were before the erasure; answers how many. The caller holds the school's lock."""
    before = (await stored(connection, SchoolNumber(erased.school), [erased.student])).get(erased.student)
    if before is None or before.updated_at > erased.erased_at:
        return 0
    await remove(connection, SchoolNumber(erased.school), [erased.student])
    return 1


async def remove(connection: AsyncConnection, school: SchoolNumber, students: Collection[str]) -> None:
    """Forgets students who have left."""
    await connection.execute(
        text("DELETE FROM students WHERE school = :school AND student = ANY(CAST(:students AS text[]))"),
        {"school": school, "students": sorted(students)},
    )


async def left_before(connection: AsyncConnection, day: date, most: int) -> dict[SchoolNumber, list[str]]:
    """Up to `most` students by school whose last day was before that day, and who have not come back since."""
    rows = await connection.execute(
        text(
            """
            SELECT school, student FROM students
            WHERE CAST(document ->> 'leaves_on' AS date) < :day
                AND coalesce(document ->> 'starts_on' <= document ->> 'leaves_on', true)
            ORDER BY school, student LIMIT :most
            """
        ),
        {"day": day, "most": most},
    )
    left: dict[SchoolNumber, list[str]] = {}
    for row in rows:
        left.setdefault(SchoolNumber(row.school), []).append(row.student)
    return left
