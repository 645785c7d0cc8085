"""SQL of the flat table of uploads. It only reads, and hands rows on as they come."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_AT_ONCE: Final = 2_000

_UPLOADS: Final = """
    SELECT CAST(u.id AS text) AS upload_id, u.school, u.term, u.week, u.number, u.status, u.records, u.responses, u.new AS new_items,
        u.amended AS amended_items, u.withdrawn AS withdrawn_items,
        (SELECT count(*) FROM upload_items i WHERE i.upload_id = u.id AND i.reject IS NOT NULL) AS rejected_items,
        u.created_at, u.sent_at AS answered_at, u.receipt
    FROM uploads u
    WHERE u.school = :school AND (CAST(:term AS text) IS NULL OR u.term = :term)
    ORDER BY u.place
"""


async def uploads(connection: AsyncConnection, school: str, term: str | None) -> AsyncIterator[Sequence[RowMapping]]:
    """The uploads of a school's term, or for None of all, in the order in which they were built."""
    async with connection.stream(text(_UPLOADS), {"school": school, "term": term}) as rows:
        async for page in rows.mappings().partitions(ROWS_AT_ONCE):
            yield page
