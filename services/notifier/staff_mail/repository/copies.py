"""Letters as they went out, for the copies that staff get: SQL."""

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attendance.tiers import Threshold


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter as it went out: to how many, and to how many it may still go. `text` None when it was deleted with its student."""

    student: str
    year_level: int | None
    threshold: Threshold
    sent: int
    waiting: int
    subject: str | None
    text: str | None


async def letter(connection: AsyncConnection, letter_id: uuid.UUID) -> SentLetter | None:
    """A letter's words, and how far it has gone; None when its student has left."""
    row = (
        await connection.execute(
            text(
                """
                SELECT rtrim(c.given_name || ' ' || c.family_name) AS student, c.year_level, l.threshold,
                    d.sent, d.waiting, w.subject, w.body_text
                FROM letters l
                JOIN contacts c USING (student_id)
                CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE status = 'sent') AS sent, count(*) FILTER (WHERE status = 'waiting') AS waiting
                    FROM deliveries WHERE letter_id = l.id AND corrects IS NULL
                ) d
                LEFT JOIN LATERAL (
                    SELECT subject, body_text FROM deliveries WHERE letter_id = l.id AND corrects IS NULL
                    ORDER BY status <> 'sent', channel, created_at, id LIMIT 1
                ) w ON true
                WHERE l.id = :id
                """
            ),
            {"id": letter_id},
        )
    ).one_or_none()
    return None if row is None else SentLetter(*row)
