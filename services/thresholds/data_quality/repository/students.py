"""SQL of the students that the data-quality report looks at."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository.rolls import Roll


class StudentContacts(NamedTuple):
    """A student that the school has sent: how many caregivers there are, and how many of them a letter can try to reach."""

    student: str
    caregivers: int
    addresses: int


async def roster(connection: AsyncConnection, roll: Roll) -> list[StudentContacts]:
    """The students of a school in a term."""
    rows = await connection.execute(
        text(f"SELECT student, caregivers, addresses FROM {roll.sql} r"),  # noqa: S608
        roll.values,
    )
    return [StudentContacts(*row) for row in rows]
