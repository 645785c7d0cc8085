"""SQL of the keys that are not simply one child's, and of the questions about them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentUpdated

Kind = Literal["key-reused", "two-keys"]
IdentityAnswer = Literal["same-child", "another-child"]

_student = msgspec.json.Decoder(StudentUpdated)
_COLUMNS: Final = "id, school, kind, students, why, CAST(earlier AS text) AS earlier, asked_at, answer, answered_at, answered_by"


async def holdings(connection: AsyncConnection, school: str) -> list[tuple[str, str, datetime, int]]:
    """The keys of a school that have been another child's: key, child, since when, and how manieth child that is."""
    rows = await connection.execute(text("SELECT key, student, since, number FROM key_holders WHERE school = :school"), {"school": school})
    return [(row.key, row.student, row.since, row.number) for row in rows]


async def hold(connection: AsyncConnection, school: str, key: str, student: str, since: datetime, number: int) -> None:
    """Gives a key to another child."""
    await connection.execute(
        text(
            """
            INSERT INTO key_holders (school, key, student, since, number) VALUES (:school, :key, :student, :since, :number)
            ON CONFLICT (school, key) DO UPDATE SET student = excluded.student, since = excluded.since, number = excluded.number
            """
        ),
        {"school": school, "key": key, "student": student, "since": since, "number": number},
    )


async def merged(connection: AsyncConnection, school: str) -> dict[str, str]:
    """The students of a school who are published as another one."""
    rows = await connection.execute(text("SELECT student, into_student FROM merged_students WHERE school = :school"), {"school": school})
    return {row.student: row.into_student for row in rows}


async def merges(connection: AsyncConnection, school: str) -> list[RowMapping]:
    """The same, with when and by whom."""
    rows = await connection.execute(
        text("SELECT student, into_student, merged_at, merged_by FROM merged_students WHERE school = :school ORDER BY student"),
        {"school": school},
    )
    return list(rows.mappings())


async def merge(connection: AsyncConnection, school: str, student: str, into: str, by: str, now: datetime) -> None:
    """Publishes a student as another one from now on, and so those who were published as that student."""
    await connection.execute(
        text("UPDATE merged_students SET into_student = :into WHERE school = :school AND into_student = :student"),
        {"school": school, "student": student, "into": into},
    )
    await connection.execute(
        text(
            """
            INSERT INTO merged_students (school, student, into_student, merged_at, merged_by) VALUES (:school, :student, :into, :now, :by)
            ON CONFLICT (school, student) DO NOTHING
            """
        ),
        {"school": school, "student": student, "into": into, "now": now, "by": by},
    )


async def part(connection: AsyncConnection, school: str, student: str) -> None:
    """Publishes a student alone again."""
    await connection.execute(
        text("DELETE FROM merged_students WHERE school = :school AND student = :student"), {"school": school, "student": student}
    )


async def ask(
    connection: AsyncConnection,
    question: uuid.UUID,
    school: str,
    kind: Kind,
    students: Sequence[str],
    why: str,
    now: datetime,
    earlier: StudentUpdated | None = None,
) -> None:
    """Asks the school, once."""
    await connection.execute(
        text(
            """
            INSERT INTO identity_questions (id, school, kind, students, why, earlier, asked_at)
            VALUES (:id, :school, :kind, :students, :why, CAST(:earlier AS jsonb), :now)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "id": question,
            "school": school,
            "kind": kind,
            "students": list(students),
            "why": why,
            "earlier": None if earlier is None else msgspec.json.encode(earlier).decode(),
            "now": now,
        },
    )


async def question(connection: AsyncConnection, which: uuid.UUID) -> RowMapping | None:
    """One question, locked for the caller's transaction."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM identity_questions WHERE id = :id FOR UPDATE"), {"id": which})  # noqa: S608
    return rows.mappings().one_or_none()


async def questions(connection: AsyncConnection, school: str, *, answered: bool) -> list[RowMapping]:
    """The questions of a school, newest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM identity_questions WHERE school = :school AND (answer IS NOT NULL) = :answered
            ORDER BY asked_at DESC, id DESC
            """  # noqa: S608
        ),
        {"school": school, "answered": answered},
    )
    return list(rows.mappings())


async def answer(connection: AsyncConnection, which: uuid.UUID, answered: IdentityAnswer, by: str, now: datetime) -> None:
    """Keeps the school's answer, and forgets the earlier child's entry."""
    await connection.execute(
        text(
            """
            UPDATE identity_questions SET answer = :answer, answered_at = :now, answered_by = :by, earlier = NULL WHERE id = :id
            """
        ),
        {"id": which, "answer": answered, "by": by, "now": now},
    )


def earlier_of(row: Any) -> StudentUpdated | None:
    """The entry of the child who had the key before, as long as nobody has decided."""
    return None if row["earlier"] is None else _student.decode(row["earlier"])


async def erase(connection: AsyncConnection, school: str, student: str) -> int:
    """Forgets the entries of a child who had a key before; answers how many."""
    erased = await connection.execute(
        text("UPDATE identity_questions SET earlier = NULL WHERE school = :school AND earlier->>'student' = :student"),
        {"school": school, "student": student},
    )
    return erased.rowcount


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes questions that were answered, or asked and never answered, before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM identity_questions WHERE id IN (
                SELECT id FROM identity_questions WHERE coalesce(answered_at, asked_at) <= :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
