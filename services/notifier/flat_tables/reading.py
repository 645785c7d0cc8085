"""The rows of the table, as people name its students."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.flat_tables import repository
from shared.flat_tables.table import Pages, Row
from shared.identifiers import SchoolNumber
from shared.key_holders import repository as key_holders


def letters(school: SchoolNumber, term: str | None) -> Pages:
    """The rows of `letters`."""

    async def pages(connection: AsyncConnection) -> AsyncIterator[Sequence[Row]]:
        outward = await key_holders.outward(connection, school)
        async for rows in repository.letters(connection, school, term):
            yield [dict(row) | {"student": outward.get(row["student"], row["student"])} for row in rows]

    return pages
