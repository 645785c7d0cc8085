"""The SQL of what could not be applied."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.refusals import Refusal


async def add(connection: AsyncConnection, school: str, document: uuid.UUID, refusals: Sequence[Refusal], now: datetime) -> None:
    """Keeps refusals; those of one place and reason are one row."""
    if not refusals:
        return
    await connection.execute(
        text(
            """
            INSERT INTO refusals (id, school, document, student, day, reason, detail, count, at)
            VALUES (:id, :school, :document, :student, :day, :reason, :detail, :count, :now)
            ON CONFLICT (id) DO UPDATE SET count = refusals.count + excluded.count
            """
        ),
        [
            {
                "id": refusal.id(document),
                "school": school,
                "document": document,
                "student": refusal.student,
                "day": refusal.day,
                "reason": refusal.reason,
                "detail": refusal.detail,
                "count": refusal.count,
                "now": now,
            }
            for refusal in refusals
        ],
    )


async def page(connection: AsyncConnection, school: str, before: tuple[datetime, uuid.UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """A school's refusals, newest first."""
    rows = await connection.execute(
        text(
            """
            SELECT id, document, student, day, reason, detail, count, at FROM refusals
            WHERE school = :school
                AND (CAST(:at AS timestamptz) IS NULL OR (at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
            ORDER BY at DESC, id DESC LIMIT :limit
            """
        ),
        {"school": school, "at": before[0] if before else None, "id": before[1] if before else None, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
