"""SQL of the activities that stand on a term's crossed records."""

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.plan_review.counting import Done
from shared.attendance.tiers import Threshold


async def done(connection: AsyncConnection, school: str, term: str) -> Done:
    """The students of each threshold of a term, with what was done for each; a crossing that was taken back does not count."""
    rows = await connection.execute(
        text(
            """
            SELECT r.threshold, r.student, array_remove(array_agg(DISTINCT p.activity), NULL) AS activities
            FROM star_records r LEFT JOIN responses p ON p.record_id = r.id AND p.withdrawn_at IS NULL
            WHERE r.school = :school AND r.term = :term AND r.origin = 'crossing' AND r.status <> 'withdrawn'
            GROUP BY r.threshold, r.student
            """
        ),
        {"school": school, "term": term},
    )
    found: dict[Threshold, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in rows:
        found[row.threshold][row.student] = frozenset(row.activities)
    return found
