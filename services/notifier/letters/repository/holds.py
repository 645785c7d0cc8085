"""Staff's holds of students' letters, from their events: SQL. The newest event of a student, term and threshold counts."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
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


async def of_all(connection: AsyncConnection, keys: Collection[tuple[uuid.UUID, str]]) -> defaultdict[tuple[uuid.UUID, str], list[Hold]]:
    """The holds of several students' terms, also those that have ended by now."""
    rows = await connection.execute(
        text(
            """
            SELECT h.student_id, h.term, h.threshold, h.until FROM letter_holds h
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            WHERE h.held
            """
        ),
        {"student_ids": [student_id for student_id, _ in keys], "terms": [term for _, term in keys]},
    )
    holds = defaultdict[tuple[uuid.UUID, str], list[Hold]](list)
    for row in rows:
        holds[row.student_id, row.term].append(Hold(None if row.threshold == EVERY else row.threshold, row.until))
    return holds
