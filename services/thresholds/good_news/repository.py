"""SQL of the thresholds that a school's students have reached in a term."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attendance.tiers import Threshold


@dataclass(frozen=True, slots=True)
class Reached:
    """The highest threshold that stands for a student, and the day of the last crossing."""

    threshold: Threshold
    crossed_on: date


async def reached(connection: AsyncConnection, school: str, term: str) -> dict[str, Reached]:
    """The students of whom a crossing of the term stands."""
    rows = await connection.execute(
        text(
            """
            SELECT student, max(threshold) AS threshold, max(crossed_on) AS crossed_on FROM star_records
            WHERE school = :school AND term = :term AND origin = 'crossing' AND status <> 'withdrawn' GROUP BY student
            """
        ),
        {"school": school, "term": term},
    )
    return {row.student: Reached(row.threshold, row.crossed_on) for row in rows}
