"""Students' counts, for previews of their letters: SQL."""

import uuid

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.templates.rendering.occasion import Count
from shared.events.data import AbsentDay


async def newest(connection: AsyncConnection, student_id: uuid.UUID) -> Count | None:
    """A student's latest count; None for a student who has passed no threshold. Takes no lock."""
    row = (
        await connection.execute(
            text(
                """
                SELECT term, absent_half_days, counted_at, absent_on, illness_half_days FROM cases
                WHERE student_id = :student_id ORDER BY counted_at DESC LIMIT 1
                """
            ),
            {"student_id": student_id},
        )
    ).one_or_none()
    if row is None:
        return None
    absent_on = tuple(msgspec.convert(row.absent_on, list[AbsentDay]))
    return Count(row.term, row.absent_half_days, row.counted_at, absent_on, row.illness_half_days)
