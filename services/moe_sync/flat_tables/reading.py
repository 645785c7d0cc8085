"""The rows of the table."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.flat_tables import repository
from shared.flat_tables.table import Pages, Row
from shared.identifiers import SchoolNumber


def uploads(school: SchoolNumber, term: str | None) -> Pages:
    """The rows of `uploads`."""

    async def pages(connection: AsyncConnection) -> AsyncIterator[Sequence[Row]]:
        async for rows in repository.uploads(connection, school, term):
            yield [dict(row) for row in rows]

    return pages
