"""SQL of the holds on letters. A hold that is lifted or replaced stays, with who did that and when."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.holds.hold import Hold
from shared.attendance.tiers import Threshold

_COLUMNS = "id, school, student, student_id, term, threshold, reason, until, held_by, held_at, lifted_by, lifted_at"


async def add(connection: AsyncConnection, hold: Hold) -> None:
    """Keeps a hold. The caller holds the school's lock, and has lifted the one that stood."""
    await connection.execute(
        text(
            """
            INSERT INTO holds (id, school, student, student_id, term, threshold, reason, until, held_by, held_at)
            VALUES (:id, :school, :student, :student_id, :term, :threshold, :reason, :until, :held_by, :held_at)
            """
        ),
        {name: value for name, value in asdict(hold).items() if not name.startswith("lifted")},
    )


async def standing(connection: AsyncConnection, student_id: uuid.UUID, term: str, threshold: Threshold | None) -> Hold | None:
    """The hold of exactly that threshold (None: of all) that was not lifted, whether or not it has run out."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM holds
            WHERE student_id = :student_id AND term = :term AND coalesce(threshold, 0) = :threshold AND lifted_at IS NULL
            """  # noqa: S608
        ),
        {"student_id": student_id, "term": term, "threshold": threshold or 0},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else Hold(**row)


async def lift(connection: AsyncConnection, hold: uuid.UUID, subject: str, now: datetime) -> bool:
    """Lifts a hold; False when it was before."""
    changed = await connection.execute(
        text("UPDATE holds SET lifted_by = :subject, lifted_at = :now WHERE id = :id AND lifted_at IS NULL"),
        {"id": hold, "subject": subject, "now": now},
    )
    return changed.rowcount == 1


async def of_student(connection: AsyncConnection, student_id: uuid.UUID, term: str) -> list[Hold]:
    """A student's holds of a term, newest first, lifted ones included."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM holds WHERE student_id = :id AND term = :term ORDER BY held_at DESC, id"),  # noqa: S608
        {"id": student_id, "term": term},
    )
    return [Hold(**row) for row in rows.mappings()]


async def standing_of(connection: AsyncConnection, students: Sequence[uuid.UUID]) -> list[Hold]:
    """The holds of these students that were not lifted, of all their terms."""
    if not students:
        return []
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM holds WHERE student_id = ANY(CAST(:ids AS uuid[])) AND lifted_at IS NULL"),  # noqa: S608
        {"ids": list(students)},
    )
    return [Hold(**row) for row in rows.mappings()]
