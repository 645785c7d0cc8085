"""Schools' choices for e-mails to their staff, read from the newest documents of their letter policies: SQL."""

from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.staff_mail.choices import StaffChoices

_decoder: Final = msgspec.json.Decoder(StaffChoices)


async def documents(connection: AsyncConnection, schools: Collection[str]) -> dict[str, str]:
    """The newest policy documents, as JSON, of those of the schools that have set one."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT ON (school) school, CAST(document AS text) AS document FROM policies
            WHERE school = ANY(CAST(:schools AS text[])) ORDER BY school, version DESC
            """
        ),
        {"schools": sorted(schools)},
    )
    return {row.school: row.document for row in rows}


async def current(connection: AsyncConnection, school: str) -> StaffChoices:
    """A school's choices as they are now."""
    document = (await documents(connection, [school])).get(school)
    return StaffChoices() if document is None else _decoder.decode(document)
