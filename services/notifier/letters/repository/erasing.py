"""SQL of what an erasure looks for in letters."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def count_of_student(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """How many letters there are of a student, whatever became of them."""
    counted = await connection.execute(text("SELECT count(*) FROM letters WHERE student_id = :student_id"), {"student_id": student_id})
    return int(counted.scalar_one())


async def message_ids(connection: AsyncConnection, student_id: uuid.UUID) -> set[str]:
    """The Message-IDs of all e-mails that named a student: letters, those of the family that theirs went with, copies of them for staff,
    digests and reminders."""
    rows = await connection.execute(
        text(
            """
            SELECT d.message_id FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE l.student_id = :student_id
            UNION SELECT f.message_id FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN deliveries f ON f.id = d.sent_with
                WHERE l.student_id = :student_id
            UNION SELECT n.message_id FROM notices n JOIN letters l ON l.id = n.letter_id WHERE l.student_id = :student_id
            UNION SELECT n.message_id FROM notices n JOIN movements m ON m.digest_id = n.id WHERE m.student_id = :student_id
            UNION SELECT message_id FROM notices WHERE kind = 'duties'
                AND (about -> 'duties' @> CAST(:named AS jsonb) OR about -> 'near' @> CAST(:named AS jsonb))
            """
        ),
        {"student_id": student_id, "named": json.dumps([{"student_id": str(student_id)}])},
    )
    return set(rows.scalars())


async def applied_since(connection: AsyncConnection, moment: datetime) -> Mapping[uuid.UUID, datetime]:
    """The students whose erasure was applied at a moment or later, with when."""
    rows = await connection.execute(
        text("SELECT student_id, applied_at FROM erasures WHERE applied_at >= :moment ORDER BY applied_at"), {"moment": moment}
    )
    return {row.student_id: row.applied_at for row in rows}
