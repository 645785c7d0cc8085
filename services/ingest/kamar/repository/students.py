"""The SQL of what KAMAR says of students: merged fields, and pastoral rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.pastoral import PastoralRow
from services.ingest.kamar.students import Fields


@dataclass(frozen=True, slots=True)
class StoredStudent:
    """A student as KAMAR sent them so far. `digest` is of the event last published; None when there was none yet."""

    student: str
    fields: Fields
    digest: bytes | None


async def stored(connection: AsyncConnection, school: str, students: Sequence[str]) -> dict[str, StoredStudent]:
    """The stored students among these, by key."""
    rows = await connection.execute(
        text(
            """
            SELECT student, CAST(fields AS text), digest FROM kamar_students
            WHERE school = :school AND student = ANY(CAST(:students AS text[]))
            """
        ),
        {"school": school, "students": list(students)},
    )
    return {row[0]: StoredStudent(row[0], msgspec.json.decode(row[1]), row[2]) for row in rows}


async def put(connection: AsyncConnection, school: str, students: Sequence[StoredStudent], document: uuid.UUID, now: datetime) -> None:
    """Keeps what is known of students, and that the document had them. No student may be there twice."""
    if not students:
        return
    await connection.execute(
        text(
            """
            INSERT INTO kamar_students (school, student, fields, digest, seen_in, updated_at)
            VALUES (:school, :student, CAST(:fields AS jsonb), :digest, :document, :now)
            ON CONFLICT (school, student) DO UPDATE SET fields = excluded.fields, digest = excluded.digest,
                seen_in = excluded.seen_in, updated_at = excluded.updated_at
            """
        ),
        [
            {
                "school": school,
                "student": student.student,
                "fields": msgspec.json.encode(student.fields).decode(),
                "digest": student.digest,
                "document": document,
                "now": now,
            }
            for student in sorted(students, key=lambda student: student.student)
        ],
    )


async def remove(connection: AsyncConnection, school: str, students: Sequence[str]) -> None:
    """Forgets students who have left."""
    await connection.execute(
        text("DELETE FROM kamar_students WHERE school = :school AND student = ANY(CAST(:students AS text[]))"),
        {"school": school, "students": list(students)},
    )


async def not_in(connection: AsyncConnection, school: str, document: uuid.UUID) -> tuple[list[str], int]:
    """The known students that a document did not have, and how many are known in all."""
    rows = await connection.execute(
        text("SELECT student, seen_in <> :document AS missing FROM kamar_students WHERE school = :school ORDER BY student"),
        {"school": school, "document": document},
    )
    seen = [(row.student, row.missing) for row in rows]
    return [student for student, missing in seen if missing], len(seen)


async def put_pastoral(connection: AsyncConnection, school: str, rows: Sequence[PastoralRow], said_at: datetime) -> None:
    """Keeps pastoral rows, unless what is there is newer. No row's key may be there twice."""
    if not rows:
        return
    await connection.execute(
        text(
            """
            INSERT INTO kamar_pastoral (school, student, type, ref, document, said_at)
            VALUES (:school, :student, :type, :ref, CAST(:document AS jsonb), :said_at)
            ON CONFLICT (school, student, type, ref) DO UPDATE SET document = excluded.document, said_at = excluded.said_at
            WHERE kamar_pastoral.said_at <= excluded.said_at
            """
        ),
        [
            {
                "school": school,
                "student": row.student,
                "type": row.type,
                "ref": row.ref,
                "document": row.document.decode(),
                "said_at": said_at,
            }
            for row in sorted(rows, key=lambda row: (row.student, row.type, row.ref))
        ],
    )
