"""SQL of letting go of records that have been kept as long as the law asks."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository.retention import before_term

StudentTerm = tuple[uuid.UUID, str]
"""A student's id and a term."""


async def forget_records_before(connection: AsyncConnection, moment: datetime, most: int) -> tuple[int, list[StudentTerm]]:
    """Deletes up to `most` records of terms from years before the moment's, with responses and histories; answers how many, and whose.

    A record with a step in its history since the moment stays until that is old, too: the table keeps its lines for seven years.
    """
    rows = await connection.execute(
        text(
            """
            SELECT old.id, old.student_id, old.term FROM (SELECT school AS number FROM schools) s CROSS JOIN LATERAL (
                SELECT r.id, r.student_id, r.term FROM star_records r
                WHERE r.school = s.number AND r.term < :term
                    AND NOT EXISTS (SELECT FROM record_history h WHERE h.record_id = r.id AND h.at >= :moment)
                ORDER BY r.term, r.id LIMIT :most FOR UPDATE SKIP LOCKED
            ) old LIMIT :most
            """
        ),
        {"term": before_term(moment), "moment": moment, "most": most},
    )
    found = rows.all()
    ids = {"ids": [row.id for row in found]}
    if found:
        await connection.execute(text("DELETE FROM record_history WHERE record_id = ANY(CAST(:ids AS uuid[]))"), ids)
        await connection.execute(text("DELETE FROM responses WHERE record_id = ANY(CAST(:ids AS uuid[]))"), ids)
        await connection.execute(text("DELETE FROM star_records WHERE id = ANY(CAST(:ids AS uuid[]))"), ids)
    return len(found), [(row.student_id, row.term) for row in found]


async def forget_holds_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` holds of such terms; answers how many."""
    return await forget_of_terms(connection, "holds", moment, most)


async def forget_of_terms(connection: AsyncConnection, table: str, moment: datetime, most: int) -> int:
    """Deletes up to `most` rows of a table with an `id` that are of terms from years before the moment's; answers how many."""
    deleted = await connection.execute(
        text(
            f"""
            DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE term < :term LIMIT :most FOR UPDATE SKIP LOCKED)
            """  # noqa: S608
        ),
        {"term": before_term(moment), "most": most},
    )
    return deleted.rowcount


async def forget_standings(connection: AsyncConnection, keys: Sequence[StudentTerm]) -> list[uuid.UUID]:
    """Deletes the standings of students' terms; answers the students who have none any more."""
    values = {"ids": [student for student, _ in keys], "terms": [term for _, term in keys]}
    rows = await connection.execute(
        text(
            """
            DELETE FROM standings s USING unnest(CAST(:ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term)
            WHERE s.student_id = w.student_id AND s.term = w.term RETURNING s.student_id
            """
        ),
        values,
    )
    gone = sorted({row.student_id for row in rows})
    left = await connection.execute(
        text("SELECT DISTINCT student_id FROM standings WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": gone}
    )
    return sorted(set(gone) - set(left.scalars()))
