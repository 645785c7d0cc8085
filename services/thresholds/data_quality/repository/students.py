"""SQL of the students and marks that the data-quality report looks at."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class StudentContacts(NamedTuple):
    """A student that the school has sent: how many caregivers there are, and how many of them a letter can try to reach."""

    student: str
    caregivers: int
    addresses: int


class MarksRow(NamedTuple):
    """A student's packed marks of the term."""

    student: str
    marks: bytes


async def roster(connection: AsyncConnection, school: str) -> list[StudentContacts]:
    """The students of a school, as it has sent them."""
    rows = await connection.execute(text("SELECT student, caregivers, addresses FROM students WHERE school = :school"), {"school": school})
    return [StudentContacts(*row) for row in rows]


async def marks(connection: AsyncConnection, school: str, term: str) -> list[MarksRow]:
    """All marks of a school's term."""
    rows = await connection.execute(
        text("SELECT student, marks FROM register WHERE school = :school AND term = :term"), {"school": school, "term": term}
    )
    return [MarksRow(*row) for row in rows]
