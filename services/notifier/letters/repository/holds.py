"""Staff's holds of students' letters, from their events: SQL. The newest event of a student, term and threshold counts."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.policy import Hold
from shared.attendance.tiers import Threshold

EVERY: Final = 0
"""Stands for every threshold: a key can't be null."""


@dataclass(frozen=True, slots=True)
class HoldChange:
    """Letters of a student's term are held, or not any more; `threshold` None means every one."""

    student_id: uuid.UUID
    term: str
    threshold: Threshold | None
    held: bool
    until: date | None
    changed_at: datetime


async def put(connection: AsyncConnection, changes: Sequence[HoldChange]) -> None:
    """Keeps what is not older than what is kept, in the order given."""
    for change in changes:
        await connection.execute(
            text(
                """
                INSERT INTO letter_holds (student_id, term, threshold, held, until, changed_at)
                VALUES (:student_id, :term, :threshold, :held, :until, :changed_at)
                ON CONFLICT (student_id, term, threshold) DO UPDATE
                    SET held = excluded.held, until = excluded.until, changed_at = excluded.changed_at
                WHERE excluded.changed_at >= letter_holds.changed_at
                """
            ),
            {
                "student_id": change.student_id,
                "term": change.term,
                "threshold": change.threshold or EVERY,
                "held": change.held,
                "until": change.until,
                "changed_at": change.changed_at,
            },
        )


async def of(connection: AsyncConnection, student_id: uuid.UUID, term: str) -> list[Hold]:
    """The holds of a student's term, also those that have ended by now."""
    rows = await connection.execute(
        text("SELECT threshold, until FROM letter_holds WHERE student_id = :student_id AND term = :term AND held"),
        {"student_id": student_id, "term": term},
    )
    return [Hold(None if row.threshold == EVERY else row.threshold, row.until) for row in rows]
