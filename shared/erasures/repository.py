"""SQL of the list of erasures."""

import uuid
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.erasures.erasure import Erasure, Tally
from shared.events.data import StudentErased

_COLUMNS = "student_id, school, student, erased_at, applied_at, removed, kept, why"


async def note(
    connection: AsyncConnection, erased: StudentErased, tally: Tally, applied_at: datetime | None, why: str | None = None
) -> None:
    """Keeps an erasure, with what it removed: of one that is applied again, with what it removed before."""
    await connection.execute(
        text(
            """
            INSERT INTO erasures AS e (student_id, school, student, erased_at, applied_at, removed, kept, why)
            VALUES (:student_id, :school, :student, :erased_at, :applied_at, CAST(:removed AS jsonb), CAST(:kept AS jsonb), :why)
            ON CONFLICT (student_id) DO UPDATE SET erased_at = excluded.erased_at,
                applied_at = CASE WHEN e.erased_at = excluded.erased_at
                    THEN coalesce(excluded.applied_at, e.applied_at) ELSE excluded.applied_at END,
                kept = excluded.kept, why = coalesce(excluded.why, e.why),
                removed = CASE WHEN e.erased_at < excluded.erased_at THEN excluded.removed ELSE (
                    SELECT coalesce(jsonb_object_agg(kind, number), '{}') FROM (
                        SELECT kind, sum(number::bigint) AS number FROM (
                            SELECT * FROM jsonb_each_text(e.removed) UNION ALL SELECT * FROM jsonb_each_text(excluded.removed)
                        ) AS counts(kind, number) GROUP BY kind
                    ) sums
                ) END
            WHERE e.erased_at <= excluded.erased_at
            """
        ),
        {
            "student_id": erased.student_id,
            "school": erased.school,
            "student": erased.student,
            "erased_at": erased.erased_at,
            "applied_at": applied_at,
            "why": why,
            "removed": msgspec.json.encode(tally.removed).decode(),
            "kept": msgspec.json.encode(tally.kept).decode(),
        },
    )


async def get(connection: AsyncConnection, student_id: uuid.UUID) -> Erasure | None:
    """The last erasure of a student; None where there was none."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM erasures WHERE student_id = :id").columns(removed=JSONB, kept=JSONB),  # noqa: S608
        {"id": student_id},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else Erasure(**row)


async def moments(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each of these students was erased; those who never were are not in the answer."""
    if not student_ids:
        return {}
    rows = await connection.execute(
        text("SELECT student_id, erased_at FROM erasures WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": sorted(student_ids)}
    )
    return {row.student_id: row.erased_at for row in rows}


async def all_since(connection: AsyncConnection, moment: datetime) -> list[StudentErased]:
    """The erasures since a moment, oldest first."""
    rows = await connection.execute(
        text("SELECT school, student, student_id, erased_at FROM erasures WHERE erased_at >= :moment ORDER BY erased_at, student_id"),
        {"moment": moment},
    )
    return [StudentErased(school=row.school, student=row.student, student_id=row.student_id, erased_at=row.erased_at) for row in rows]


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` erasures from before a moment: no backup is as old, and no register either. Answers how many."""
    dropped = await connection.execute(
        text(
            """
            DELETE FROM erasures WHERE student_id IN (
                SELECT student_id FROM erasures WHERE erased_at < :moment ORDER BY erased_at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return dropped.rowcount
