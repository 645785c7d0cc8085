"""SQL of reminders: the mornings on the worklist, and what each member of staff has been told of."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, time
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attendance.tiers import THRESHOLDS


class Morning(NamedTuple):
    """A school's reminders of a day, at a time on its clock."""

    school: str
    day: date
    at: time


async def add(connection: AsyncConnection, item: uuid.UUID, morning: Morning) -> None:
    """Notes whose reminders an item of work is."""
    await connection.execute(
        text("INSERT INTO reminders (id, school, day, at) VALUES (:id, :school, :day, :at) ON CONFLICT DO NOTHING"),
        {"id": item, **morning._asdict()},
    )


async def get(connection: AsyncConnection, item: uuid.UUID) -> Morning | None:
    """The reminders of an item."""
    row = (await connection.execute(text("SELECT school, day, at FROM reminders WHERE id = :id"), {"id": item})).one_or_none()
    return None if row is None else Morning(*row)


async def near(connection: AsyncConnection, school: str, term: str, within: int) -> list[tuple[str, int]]:
    """The students of a school, by key, who are so few half days below the next threshold, each with their half days."""
    rows = await connection.execute(
        text(
            """
            SELECT student, absent_half_days FROM register
            WHERE school = :school AND term = :term AND absent_half_days < :last AND absent_half_days % :apart >= :apart - :within
            ORDER BY absent_half_days DESC, student
            """
        ),
        {"school": school, "term": term, "last": max(THRESHOLDS) * 2, "apart": min(THRESHOLDS) * 2, "within": within},
    )
    return [(row.student, row.absent_half_days) for row in rows]


async def tell(connection: AsyncConnection, school: str, account: str, duties: Collection[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Notes that a person is told of these, and answers those of which they had not been."""
    rows = await connection.execute(
        text(
            """
            INSERT INTO duties_told (duty, account, school, told_at)
            SELECT duty, :account, :school, :now FROM unnest(CAST(:duties AS uuid[])) AS d(duty)
            ON CONFLICT DO NOTHING RETURNING duty
            """
        ),
        {"account": account, "school": school, "duties": sorted(duties), "now": now},
    )
    return set(rows.scalars())


async def forget_told_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` notes of what people were told before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM duties_told WHERE (duty, account) IN
                (SELECT duty, account FROM duties_told WHERE told_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED)
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
