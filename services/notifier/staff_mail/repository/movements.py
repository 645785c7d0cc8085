"""Students' changes of tier, as the crossings' events name them, and the schedules of the digests that report them: SQL."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.staff_mail.movements import Step
from shared.worklist import repository as worklist

WORK_KIND: Final = "digest"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a school's digests go. `since`: what came before is no part of any; `last_on`: the day of the last one.

    `next_on`, `due_at` and `work_id` are None where none is planned.
    """

    school: str
    since: datetime
    last_on: date | None = None
    next_on: date | None = None
    due_at: datetime | None = None
    work_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step, with the student's name as the roster has it now; names None for a student who has left."""

    step: Step
    given_name: str | None
    family_name: str | None
    year_level: int | None


async def keep(connection: AsyncConnection, steps: Sequence[Step], now: datetime) -> None:
    """Keeps the steps at schools that have digests, each once. None that comes after the choice of a digest is earlier than that."""
    if not steps:
        return
    await connection.execute(
        text(
            """
            INSERT INTO movements (event_id, school, student_id, term, from_tier, to_tier, absent_half_days, said_at, handled_at)
            SELECT n.event_id, n.school, n.student_id, n.term, n.from_tier, n.to_tier, n.half_days, n.said_at, greatest(:now, d.since)
            FROM unnest(
                CAST(:event_ids AS text[]), CAST(:schools AS text[]), CAST(:student_ids AS uuid[]), CAST(:terms AS text[]),
                CAST(:from_tiers AS text[]), CAST(:to_tiers AS text[]), CAST(:half_days AS int[]), CAST(:said_ats AS timestamptz[])
            ) AS n(event_id, school, student_id, term, from_tier, to_tier, half_days, said_at)
            JOIN digest_schedules d ON d.school = n.school
            ON CONFLICT (event_id) DO NOTHING
            """
        ),
        {
            "event_ids": [step.event_id for step in steps],
            "schools": [step.school for step in steps],
            "student_ids": [step.student_id for step in steps],
            "terms": [step.term for step in steps],
            "from_tiers": [step.from_tier for step in steps],
            "to_tiers": [step.to_tier for step in steps],
            "half_days": [step.absent_half_days for step in steps],
            "said_ats": [step.said_at for step in steps],
            "now": now,
        },
    )


async def after_all(connection: AsyncConnection, school: str, now: datetime) -> datetime:
    """`now`, or the least moment that is later than every step that no digest has reported."""
    rows = await connection.execute(
        text(
            """
            SELECT greatest(CAST(:now AS timestamptz), max(handled_at) + interval '1 microsecond')
            FROM movements WHERE school = :school AND digest_id IS NULL
            """
        ),
        {"school": school, "now": now},
    )
    moment: datetime = rows.scalar_one()
    return moment


async def is_any(connection: AsyncConnection, schedule: Schedule) -> bool:
    """Whether anything moved that no digest has reported."""
    exists = await connection.execute(
        text("SELECT EXISTS (SELECT FROM movements WHERE school = :school AND digest_id IS NULL AND handled_at >= :since)"),
        {"school": schedule.school, "since": schedule.since},
    )
    return bool(exists.scalar_one())


async def take(connection: AsyncConnection, schedule: Schedule, digest_id: uuid.UUID) -> None:
    """Everything that no digest has reported goes into this one. A later commit is in the next."""
    await connection.execute(
        text("UPDATE movements SET digest_id = :digest_id WHERE school = :school AND digest_id IS NULL AND handled_at >= :since"),
        {"school": schedule.school, "since": schedule.since, "digest_id": digest_id},
    )


async def of_digest(connection: AsyncConnection, digest_id: uuid.UUID) -> list[NamedStep]:
    """The steps of a digest, in the order of their events. The total is today's, while the student is on the step's tier."""
    rows = await connection.execute(
        text(
            """
            SELECT m.event_id, m.school, m.student_id, m.term, m.from_tier, m.to_tier,
                CASE WHEN s.tier = m.to_tier THEN s.absent_half_days ELSE m.absent_half_days END AS absent_half_days, m.said_at,
                c.given_name, c.family_name, c.year_level
            FROM movements m LEFT JOIN contacts c USING (student_id) LEFT JOIN cases s USING (student_id, term)
            WHERE m.digest_id = :digest_id ORDER BY m.said_at, m.handled_at, m.event_id
            """
        ),
        {"digest_id": digest_id},
    )
    return [
        NamedStep(
            Step(row.event_id, row.school, row.student_id, row.term, row.from_tier, row.to_tier, row.absent_half_days, row.said_at),
            row.given_name,
            row.family_name,
            row.year_level,
        )
        for row in rows
    ]


async def schedules(connection: AsyncConnection, schools: Collection[str]) -> list[Schedule]:
    """The schedules of those of the schools that have one, locked until the transaction ends."""
    rows = await connection.execute(
        text("SELECT * FROM digest_schedules WHERE school = ANY(CAST(:schools AS text[])) ORDER BY school FOR UPDATE"),
        {"schools": sorted(schools)},
    )
    return [Schedule(row.school, row.since, row.last_on, row.next_on, row.due_at, row.work_id) for row in rows]


async def schedule_of(connection: AsyncConnection, work_id: uuid.UUID) -> Schedule | None:
    """The schedule whose next digest a work item is, locked until the transaction ends; None when it has another one by now."""
    row = (
        await connection.execute(text("SELECT * FROM digest_schedules WHERE work_id = :work_id FOR UPDATE"), {"work_id": work_id})
    ).one_or_none()
    return None if row is None else Schedule(row.school, row.since, row.last_on, row.next_on, row.due_at, row.work_id)


async def create(connection: AsyncConnection, schedule: Schedule) -> None:
    """Makes a schedule where there is none."""
    await connection.execute(
        text("INSERT INTO digest_schedules (school, since, last_on) VALUES (:school, :since, :last_on) ON CONFLICT (school) DO NOTHING"),
        {"school": schedule.school, "since": schedule.since, "last_on": schedule.last_on},
    )


async def plan(connection: AsyncConnection, before: Schedule, after: Schedule, now: datetime) -> None:
    """Changes a locked schedule, and gives it a work item of its own for the next digest. The old item finds out."""
    work_id = uuid.uuid4() if after.due_at is not None else None
    await connection.execute(
        text(
            """
            UPDATE digest_schedules SET since = :since, last_on = :last_on, next_on = :next_on, due_at = :due_at, work_id = :work_id
            WHERE school = :school
            """
        ),
        {
            "school": after.school,
            "since": after.since,
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


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` changes of tier from before a moment: the digest that had them went long ago. Answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM movements WHERE event_id IN (
                SELECT event_id FROM movements WHERE handled_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
