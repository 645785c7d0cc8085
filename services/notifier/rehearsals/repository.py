"""SQL of the crossings that a rehearsal plays again. It only reads."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.rehearsals.history import PastCrossing


async def crossings_of(connection: AsyncConnection, school: str, since: datetime) -> list[PastCrossing]:
    """All crossings of those terms of a school's students in which one was said since a moment, a term's together.

    One that was taken back before that had a time of its own had either no letter, which counts as taken back at once, or one already.
    """
    rows = await connection.execute(
        text(
            """
            SELECT x.student_id, x.term, c.school, c.student, x.threshold, x.sequence, coalesce(x.said_at, x.handled_at) AS said_at,
                CASE WHEN x.state = 'retracted' AND x.retracted_at IS NULL AND x.letter_id IS NULL THEN coalesce(x.said_at, x.handled_at)
                    ELSE x.retracted_at END AS retracted_at
            FROM contacts s JOIN cases c USING (student_id) JOIN crossings x USING (student_id, term)
            WHERE s.school = :school AND c.school = :school AND EXISTS (
                SELECT FROM crossings n
                WHERE n.student_id = c.student_id AND n.term = c.term AND coalesce(n.said_at, n.handled_at) >= :since
            )
            ORDER BY x.student_id, x.term, x.threshold, x.sequence
            """
        ),
        {"school": school, "since": since},
    )
    return [PastCrossing(*row) for row in rows]
