"""How long a student is kept whose last day has passed, and whom no system has taken off the roll."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students import keeping
from services.ingest.students.repository import students
from shared.retention import Rule

LEFT_KEPT_FOR: Final = timedelta(days=400)
"""Until the year that they left in is over for everybody: their marks are still mended, and partners replay them."""

AT_ONCE: Final = 200


def retention_rules() -> tuple[Rule, ...]:
    """One rule."""
    return (Rule("students-left", LEFT_KEPT_FOR, _forget_left_before, AT_ONCE, tables=("students",)),)


async def _forget_left_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Takes off up to `most` students whose last day was before a moment, here and everywhere; answers how many."""
    left = await students.left_before(connection, moment.date(), most)
    for school, gone in sorted(left.items()):
        await keeping.forget(connection, school, gone)
    return sum(map(len, left.values()))
