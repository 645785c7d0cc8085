"""SQL of the weekly windows: which are due, and what became of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.week import Week
from services.moe_sync.windows.scheduling import Slot


@dataclass(frozen=True, slots=True)
class Window:
    """One school's week that is to be built."""

    id: uuid.UUID
    school: str
    week: Week


async def add(connection: AsyncConnection, slots: Sequence[Slot]) -> None:
    """Writes windows down, or moves those that are still open to where they are due now."""
    ordered = sorted(slots, key=lambda slot: slot.id)
    await connection.execute(
        text(
            """
            INSERT INTO windows (id, school, week, due_at)
            SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:schools AS text[]), CAST(:weeks AS text[]), CAST(:due_at AS timestamptz[]))
            ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at
            WHERE windows.done_at IS NULL AND windows.due_at <> excluded.due_at
            """
        ),
        {
            "ids": [slot.id for slot in ordered],
            "schools": [slot.school for slot in ordered],
            "weeks": [str(slot.week) for slot in ordered],
            "due_at": [slot.due_at for slot in ordered],
        },
    )


async def due(connection: AsyncConnection, now: datetime, latest: datetime, most: int) -> list[Window]:
    """The windows to build now: of each school the earliest that is open, if that is due.

    None is put off until after `latest`: a clock that was ahead has set such a time.
    """
    rows = await connection.execute(
        text(
            """
            SELECT id, school, week FROM windows w
            WHERE done_at IS NULL AND (coalesce(again_at, due_at) <= :now OR due_at <= :now AND again_at > :latest)
                AND NOT EXISTS (SELECT FROM windows e WHERE e.school = w.school AND e.week < w.week AND e.done_at IS NULL)
            ORDER BY coalesce(again_at, due_at) LIMIT :most
            """
        ),
        {"now": now, "latest": latest, "most": most},
    )
    return [Window(row.id, row.school, Week.parse(row.week)) for row in rows]


async def still_open(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """The open windows among these; asked again under the schools' locks."""
    rows = await connection.execute(
        text("SELECT id FROM windows WHERE id = ANY(CAST(:ids AS uuid[])) AND done_at IS NULL"), {"ids": list(ids)}
    )
    return set(rows.scalars())


async def done_of(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """The finished windows among these."""
    rows = await connection.execute(
        text("SELECT id FROM windows WHERE id = ANY(CAST(:ids AS uuid[])) AND done_at IS NOT NULL"), {"ids": list(ids)}
    )
    return set(rows.scalars())


async def newest_of(connection: AsyncConnection, schools: Sequence[str]) -> dict[str, Week]:
    """The newest week of each of the schools that has a window, open or finished; weeks are named in their order."""
    rows = await connection.execute(
        text("SELECT school, max(week) AS week FROM windows WHERE school = ANY(CAST(:schools AS text[])) GROUP BY school"),
        {"schools": list(schools)},
    )
    return {row.school: Week.parse(row.week) for row in rows}


async def open_of(connection: AsyncConnection, after: str, most: int) -> list[Window]:
    """The open windows of the next so many schools behind a number, by school."""
    rows = await connection.execute(
        text(
            """
            SELECT id, school, week FROM windows WHERE done_at IS NULL AND school IN (
                SELECT DISTINCT school FROM windows WHERE done_at IS NULL AND school > :after ORDER BY school LIMIT :most
            ) ORDER BY school, week
            """
        ),
        {"after": after, "most": most},
    )
    return [Window(row.id, row.school, Week.parse(row.week)) for row in rows]


async def open_of_school(connection: AsyncConnection, school: str) -> list[Week]:
    """The open windows of one school."""
    rows = await connection.execute(
        text("SELECT week FROM windows WHERE school = :school AND done_at IS NULL ORDER BY week"), {"school": school}
    )
    return [Week.parse(week) for week in rows.scalars()]


async def finish(connection: AsyncConnection, ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Notes that windows are finished."""
    await connection.execute(
        text(
            """
            UPDATE windows SET done_at = :now, again_at = NULL, problem = NULL WHERE id = ANY(CAST(:ids AS uuid[])) AND done_at IS NULL
            """
        ),
        {"ids": list(ids), "now": now},
    )


async def postpone(connection: AsyncConnection, window: uuid.UUID, again_at: datetime, problem: str) -> None:
    """Notes that a window could not be built, and why."""
    await connection.execute(
        text("UPDATE windows SET tries = tries + 1, again_at = :again_at, problem = :problem WHERE id = :id"),
        {"id": window, "again_at": again_at, "problem": problem},
    )


async def next_due(connection: AsyncConnection) -> datetime | None:
    """The time at which the next window is due."""
    return (await connection.execute(text("SELECT min(coalesce(again_at, due_at)) FROM windows WHERE done_at IS NULL"))).scalar()


async def overdue(connection: AsyncConnection, before: datetime, schools: Sequence[str] | None = None) -> int:
    """The number of windows that should have been built before a moment and are not."""
    rows = await connection.execute(
        text(
            """
            SELECT count(*) FROM windows
            WHERE done_at IS NULL AND due_at <= :before AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
            """
        ),
        {"before": before, "schools": None if schools is None else list(schools)},
    )
    return int(rows.scalar_one())


async def page(connection: AsyncConnection, school: str, before: str | None, limit: int) -> Sequence[RowMapping]:
    """A school's windows, newest first, before a week, each with what became of its newest upload."""
    rows = await connection.execute(
        text(
            """
            SELECT w.week, w.due_at, w.done_at, w.problem, u.id AS upload, u.number, u.status
            FROM windows w
            LEFT JOIN LATERAL (
                SELECT id, number, status FROM uploads u WHERE u.school = w.school AND u.week = w.week ORDER BY number DESC LIMIT 1
            ) u ON true
            WHERE w.school = :school AND (CAST(:before AS text) IS NULL OR w.week < :before) ORDER BY w.week DESC LIMIT :limit
            """
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return rows.mappings().all()


async def forget_done_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` windows that were done before a moment; answers how many. A school's newest stays: the next follows on it."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM windows WHERE id IN (
                SELECT id FROM windows w
                WHERE done_at < :moment AND EXISTS (SELECT FROM windows n WHERE n.school = w.school AND n.week > w.week)
                LIMIT :most FOR UPDATE OF w SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
