"""When each school asks next: SQL."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.worklist import repository as worklist

WORK_KIND: Final = "letter-round"


@dataclass(frozen=True, slots=True)
class RoundSchedule:
    """The day of a school's last round, and its next one; the rest is None where none is planned."""

    school: str
    last_on: date | None = None
    next_on: date | None = None
    due_at: datetime | None = None
    work_id: uuid.UUID | None = None


async def create(connection: AsyncConnection, school: str) -> None:
    """Makes a schedule where there is none."""
    await connection.execute(text("INSERT INTO letter_rounds (school) VALUES (:school) ON CONFLICT DO NOTHING"), {"school": school})


async def schedules(connection: AsyncConnection, schools: Collection[str]) -> list[RoundSchedule]:
    """The schedules of those of the schools that have one, locked until the transaction ends."""
    rows = await connection.execute(
        text(
            """
            SELECT school, last_on, next_on, due_at, work_id FROM letter_rounds
            WHERE school = ANY(CAST(:schools AS text[])) ORDER BY school FOR UPDATE
            """
        ),
        {"schools": sorted(schools)},
    )
    return [RoundSchedule(*row) for row in rows]


async def schedule_of(connection: AsyncConnection, work_id: uuid.UUID) -> RoundSchedule | None:
    """The schedule whose next round a work item is, locked until the transaction ends; None when it has another one by now."""
    rows = await connection.execute(
        text("SELECT school, last_on, next_on, due_at, work_id FROM letter_rounds WHERE work_id = :work_id FOR UPDATE"),
        {"work_id": work_id},
    )
    row = rows.one_or_none()
    return None if row is None else RoundSchedule(*row)


async def plan(connection: AsyncConnection, before: RoundSchedule, after: RoundSchedule, now: datetime) -> None:
    """Changes a locked schedule, and gives it a work item of its own for the next round. The old item finds out."""
    work_id = uuid.uuid4() if after.due_at is not None else None
    await connection.execute(
        text(
            """
            UPDATE letter_rounds SET last_on = :last_on, next_on = :next_on, due_at = :due_at, work_id = :work_id WHERE school = :school
            """
        ),
        {
            "school": after.school,
            "last_on": after.last_on,
            "next_on": after.next_on,
            "due_at": after.due_at,
            "work_id": work_id,
        },
    )
    if before.work_id is not None:
        await worklist.cancel(connection, before.work_id, now)
    if work_id is not None and after.due_at is not None:
        await worklist.add(connection, WORK_KIND, work_id, after.due_at, now, by_calendar=True)
