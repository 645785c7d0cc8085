"""SQL of the flat table of letters. It only reads, and hands rows on as they come."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_AT_ONCE: Final = 2_000

_LETTERS: Final = """
    SELECT CAST(l.id AS text) AS letter_id, CAST(d.id AS text) AS delivery_id, l.school, l.term, c.student,
        CAST(l.student_id AS text) AS student_id, s.given_name, s.family_name, l.threshold, coalesce(d.status, l.state) AS status,
        d.channel, d.template_language AS language, l.created_at, greatest(l.due_at, l.put_off_until) AS due_at, d.sent_at, d.bounced_at,
        l.occasion
    FROM letters l
    JOIN cases c USING (student_id, term)
    LEFT JOIN deliveries d ON d.letter_id = l.id
    LEFT JOIN contacts s ON s.student_id = l.student_id
    WHERE l.school = :school AND (CAST(:term AS text) IS NULL OR l.term = :term)
    ORDER BY l.created_at, l.id, d.created_at, d.id
"""


async def letters(connection: AsyncConnection, school: str, term: str | None) -> AsyncIterator[Sequence[RowMapping]]:
    """The letters of a school's term, or for None of all, with their deliveries."""
    async with connection.stream(text(_LETTERS), {"school": school, "term": term}) as rows:
        async for page in rows.mappings().partitions(ROWS_AT_ONCE):
            yield page
