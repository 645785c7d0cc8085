"""The SQL of what KAMAR says of students: merged fields, and pastoral rows."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.pastoral import PastoralRow
from services.ingest.kamar.students import Fields
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


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


async def since(connection: AsyncConnection, school: str, document: uuid.UUID, *, whole: bool) -> tuple[dict[str, StoredStudent], set[str]]:
    """The students that a document had, by key; with `whole` all others too. The second set has the keys of those whom neither it nor a
    later document had."""
    rows = await connection.execute(
        text(
            """
            SELECT s.student, CAST(s.fields AS text), s.digest, s.seen_in <> :document
                AND coalesce(d.number < (SELECT number FROM kamar_documents WHERE id = :document), true) AS missing
            FROM kamar_students s LEFT JOIN kamar_documents d ON d.id = s.seen_in
            WHERE s.school = :school AND (:whole OR s.seen_in = :document) ORDER BY s.student
            """
        ),
        {"school": school, "document": document, "whole": whole},
    )
    listed = [(StoredStudent(row[0], msgspec.json.decode(row[1]), row[2]), row[3]) for row in rows]
    return {student.student: student for student, _ in listed}, {student.student for student, missing in listed if missing}


async def count(connection: AsyncConnection, school: str) -> int:
    """How many students KAMAR has sent."""
    students: int = (
        await connection.execute(text("SELECT count(*) FROM kamar_students WHERE school = :school"), {"school": school})
    ).scalar_one()
    return students


async def note_published(connection: AsyncConnection, school: str, digests: Mapping[str, bytes]) -> None:
    """Keeps the digests of what was published of some students."""
    if digests:
        await connection.execute(
            text("UPDATE kamar_students SET digest = :digest WHERE school = :school AND student = :student"),
            [{"school": school, "student": student, "digest": digest} for student, digest in sorted(digests.items())],
        )


async def erase(connection: AsyncConnection, erased: StudentErased, key: str, since: datetime) -> Tally:
    """Deletes what KAMAR said of a student, under its own key, from `since` on and before the erasure: fields, pastoral rows, refusals."""
    values = {"school": erased.school, "student": key, "since": since, "erased_at": erased.erased_at}
    removed = {}
    for kind, at in {"kamar-students": "updated_at", "kamar-pastoral": "said_at", "refusals": "at"}.items():
        table = kind.replace("-", "_")
        rows = await connection.execute(
            text(f"DELETE FROM {table} WHERE school = :school AND student = :student AND {at} >= :since AND {at} <= :erased_at"),  # noqa: S608
            values,
        )
        removed[kind] = rows.rowcount
    return Tally(removed)


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


async def forget_pastoral_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` pastoral rows that were last sent before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM kamar_pastoral WHERE (school, student, type, ref) IN (
                SELECT school, student, type, ref FROM kamar_pastoral WHERE said_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
