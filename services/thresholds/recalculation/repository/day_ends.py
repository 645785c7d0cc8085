"""SQL of the day ends that are on the worklist."""

import uuid
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def add(connection: AsyncConnection, item: uuid.UUID, school: str, day: date) -> None:
    """Notes whose day an item is the end of."""
    await connection.execute(
        text("INSERT INTO day_ends (id, school, day) VALUES (:id, :school, :day) ON CONFLICT DO NOTHING"),
        {"id": item, "school": school, "day": day},
    )


async def get(connection: AsyncConnection, item: uuid.UUID) -> tuple[str, date] | None:
    """The school and day of an item."""
    row = (await connection.execute(text("SELECT school, day FROM day_ends WHERE id = :id"), {"id": item})).one_or_none()
    return None if row is None else (row.school, row.day)
