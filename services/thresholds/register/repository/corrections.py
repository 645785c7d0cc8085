"""SQL of the corrections: what stood in the register before it was changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository.rows import RowKey


@dataclass(frozen=True, slots=True)
class Correction:
    """One place of the register that changed: its value before and after (see `packed_row`), when, and by which source."""

    school: str
    term: str
    student: str
    place: int
    was: int
    became: int
    was_recorded_at: datetime
    recorded_at: datetime
    received_at: datetime
    source: str


async def add(connection: AsyncConnection, corrections: Sequence[Correction]) -> None:
    """Keeps corrections; one that is there already stays as it is."""
    if not corrections:
        return
    await connection.execute(
        text(
            """
            INSERT INTO corrections (school, term, student, place, was, became, was_recorded_at, recorded_at, received_at, source)
            VALUES (:school, :term, :student, :place, :was, :became, :was_recorded_at, :recorded_at, :received_at, :source)
            ON CONFLICT DO NOTHING
            """
        ),
        [asdict(correction) for correction in corrections],
    )


async def of_row(connection: AsyncConnection, key: RowKey) -> list[Correction]:
    """The corrections of a student's term, oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT school, term, student, place, was, became, was_recorded_at, recorded_at, received_at, source FROM corrections
            WHERE school = :school AND term = :term AND student = :student ORDER BY place, recorded_at, received_at
            """
        ),
        key._asdict(),
    )
    return [Correction(*row) for row in rows]
