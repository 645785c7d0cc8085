"""SQL of the flat tables. It only reads, and hands rows on as they come."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_AT_ONCE: Final = 2_000

_CROSSINGS: Final = """
    SELECT CAST(r.id AS text) AS record_id, r.school, r.term, r.student, CAST(r.student_id AS text) AS student_id,
        s.given_name, s.family_name, r.threshold, r.origin, r.status, r.crossed_on,
        CAST(r.absent_half_days / 2.0 AS double precision) AS absent_days, coalesce(p.responses, 0) AS responses, p.first_response_on,
        r.updated_at AS changed_at
    FROM star_records r
    LEFT JOIN students s ON s.student_id = r.student_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS responses, min(occurred_on) AS first_response_on FROM responses
        WHERE record_id = r.id AND withdrawn_at IS NULL
    ) p ON true
    WHERE r.school = :school AND (CAST(:term AS text) IS NULL OR r.term = :term)
    ORDER BY r.id
"""
_RESPONSES: Final = """
    SELECT CAST(p.id AS text) AS response_id, CAST(r.id AS text) AS record_id, r.school, r.term, r.student,
        CAST(r.student_id AS text) AS student_id, s.given_name, s.family_name, r.threshold, p.activity, p.standard, p.label,
        p.occurred_on, p.recorded_at
    FROM star_records r
    JOIN responses p ON p.record_id = r.id AND p.withdrawn_at IS NULL
    LEFT JOIN students s ON s.student_id = r.student_id
    WHERE r.school = :school AND (CAST(:term AS text) IS NULL OR r.term = :term)
    ORDER BY r.id, p.recorded_at, p.id
"""


def crossings(connection: AsyncConnection, school: str, term: str | None) -> AsyncIterator[Sequence[RowMapping]]:
    """The STAR records of a school's term, or for None of all."""
    return _pages(connection, _CROSSINGS, school, term)


def responses(connection: AsyncConnection, school: str, term: str | None) -> AsyncIterator[Sequence[RowMapping]]:
    """The responses that stand on them."""
    return _pages(connection, _RESPONSES, school, term)


async def _pages(connection: AsyncConnection, sql: str, school: str, term: str | None) -> AsyncIterator[Sequence[RowMapping]]:
    async with connection.stream(text(sql), {"school": school, "term": term}) as rows:
        async for page in rows.mappings().partitions(ROWS_AT_ONCE):
            yield page
