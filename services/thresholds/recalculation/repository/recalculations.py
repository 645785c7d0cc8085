"""SQL of recalculations: how far each has come is kept with every chunk it writes."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository.rows import Row, RowKey


async def start(
    connection: AsyncConnection, recalculation: uuid.UUID, *, school: str, cause: str, terms: Sequence[str], now: datetime
) -> None:
    """Begins a recalculation, once. It takes over the terms of those that have not finished: one pass over the rows does for all."""
    await connection.execute(
        text(
            """
            WITH superseded AS (
                UPDATE recalculations SET state = 'superseded', finished_at = :now
                WHERE school = :school AND state IN ('waiting', 'running') AND id <> :id
                RETURNING terms
            ), wanted AS (
                SELECT DISTINCT term FROM (
                    SELECT unnest(CAST(:terms AS text[])) AS term UNION ALL SELECT unnest(terms) FROM superseded
                ) AS terms
            )
            INSERT INTO recalculations (id, school, cause, terms, rows_total, created_at)
            SELECT :id, :school, :cause, coalesce(array_agg(term ORDER BY term), '{}'),
                (SELECT count(*) FROM register WHERE school = :school AND term IN (SELECT term FROM wanted)), :now
            FROM wanted
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {"id": recalculation, "school": school, "cause": cause, "terms": list(terms), "now": now},
    )


async def get(connection: AsyncConnection, recalculation: uuid.UUID) -> RowMapping | None:
    """One recalculation."""
    rows = await connection.execute(text("SELECT * FROM recalculations WHERE id = :id"), {"id": recalculation})
    return rows.mappings().one_or_none()


async def next_rows(connection: AsyncConnection, recalculation: RowMapping, most: int) -> dict[RowKey, Row]:
    """The rows behind the place it has come to, in order."""
    rows = await connection.execute(
        text(
            """
            SELECT school, term, student, marks, absent_half_days, level FROM register
            WHERE school = :school AND term = ANY(CAST(:terms AS text[])) AND (term, student) > (:after_term, :after_student)
            ORDER BY term, student LIMIT :most
            """
        ),
        {
            "school": recalculation["school"],
            "terms": recalculation["terms"],
            "after_term": recalculation["after_term"],
            "after_student": recalculation["after_student"],
            "most": most,
        },
    )
    return {RowKey(*row[:3]): Row(*row[3:]) for row in rows}


async def advance(connection: AsyncConnection, recalculation: uuid.UUID, last: RowKey, *, rows: int, crossings: int) -> None:
    """Notes how far it has come."""
    await connection.execute(
        text(
            """
            UPDATE recalculations SET state = 'running', after_term = :term, after_student = :student,
                rows_done = rows_done + :rows, crossings = crossings + :crossings
            WHERE id = :id
            """
        ),
        {"id": recalculation, "term": last.term, "student": last.student, "rows": rows, "crossings": crossings},
    )


async def finish(connection: AsyncConnection, recalculation: uuid.UUID, now: datetime) -> None:
    """Ends a recalculation that was not superseded."""
    await connection.execute(
        text("UPDATE recalculations SET state = 'done', finished_at = :now WHERE id = :id AND state IN ('waiting', 'running')"),
        {"id": recalculation, "now": now},
    )


async def of_school(connection: AsyncConnection, school: str, most: int) -> list[RowMapping]:
    """A school's recalculations, newest first."""
    rows = await connection.execute(
        text("SELECT * FROM recalculations WHERE school = :school ORDER BY created_at DESC LIMIT :most"), {"school": school, "most": most}
    )
    return list(rows.mappings())
