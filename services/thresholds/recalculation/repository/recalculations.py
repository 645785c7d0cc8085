"""SQL of recalculations: how far each has come is kept with every chunk it writes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository.rows import COLUMNS, Row, RowKey, keyed

Cause = Literal["calendar", "day-end"]
RecalculationState = Literal["waiting", "running", "done", "superseded"]

_COLUMNS: Final = "id, school, cause, terms, state, after_term, after_student, rows_total, rows_done, crossings, created_at, finished_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalculation:
    """A pass over a school's rows of some terms. It has come to `after_student` of `after_term`, in their order."""

    id: uuid.UUID
    school: str
    cause: Cause
    terms: list[str]
    state: RecalculationState
    after_term: str
    after_student: str
    rows_total: int
    rows_done: int
    crossings: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def goes_on(self) -> bool:
        """Whether there may be rows left to fold."""
        return self.state in ("waiting", "running")


async def start(
    connection: AsyncConnection, recalculation: uuid.UUID, *, school: str, cause: Cause, terms: Sequence[str], now: datetime
) -> None:
    """Begins a recalculation, once. It takes over the terms of those that have not finished: one pass over the rows does for all."""
    await connection.execute(
        text(
            """
            WITH superseded AS (
                UPDATE recalculations SET state = 'superseded', finished_at = :now
                WHERE school = :school AND state IN ('waiting', 'running') AND id <> :id
                RETURNING terms
            ), wanted AS (
                SELECT DISTINCT term FROM (
                    SELECT unnest(CAST(:terms AS text[])) AS term UNION ALL SELECT unnest(terms) FROM superseded
                ) AS terms
            )
            INSERT INTO recalculations (id, school, cause, terms, rows_total, created_at)
            SELECT :id, :school, :cause, coalesce(array_agg(term ORDER BY term), '{}'),
                (SELECT count(*) FROM register WHERE school = :school AND term IN (SELECT term FROM wanted)), :now
            FROM wanted
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {"id": recalculation, "school": school, "cause": cause, "terms": list(terms), "now": now},
    )


async def get(connection: AsyncConnection, recalculation: uuid.UUID) -> Recalculation | None:
    """One recalculation."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM recalculations WHERE id = :id"), {"id": recalculation})  # noqa: S608
    row = rows.mappings().one_or_none()
    return None if row is None else Recalculation(**row)


async def next_rows(connection: AsyncConnection, recalculation: Recalculation, most: int) -> dict[RowKey, Row]:
    """The rows behind the place it has come to, in order."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {COLUMNS} FROM register
            WHERE school = :school AND term = ANY(CAST(:terms AS text[])) AND (term, student) > (:after_term, :after_student)
            ORDER BY term, student LIMIT :most
            """  # noqa: S608
        ),
        {
            "school": recalculation.school,
            "terms": recalculation.terms,
            "after_term": recalculation.after_term,
            "after_student": recalculation.after_student,
            "most": most,
        },
    )
    return keyed(rows)


async def advance(connection: AsyncConnection, recalculation: uuid.UUID, last: RowKey, *, rows: int, crossings: int) -> None:
    """Notes how far it has come."""
    await connection.execute(
        text(
            """
            UPDATE recalculations SET state = 'running', after_term = :term, after_student = :student,
                rows_done = rows_done + :rows, crossings = crossings + :crossings
            WHERE id = :id
            """
        ),
        {"id": recalculation, "term": last.term, "student": last.student, "rows": rows, "crossings": crossings},
    )


async def finish(connection: AsyncConnection, recalculation: uuid.UUID, now: datetime) -> None:
    """Ends a recalculation that was not superseded."""
    await connection.execute(
        text("UPDATE recalculations SET state = 'done', finished_at = :now WHERE id = :id AND state IN ('waiting', 'running')"),
        {"id": recalculation, "now": now},
    )


async def of_school(connection: AsyncConnection, school: str, most: int) -> list[Recalculation]:
    """A school's recalculations, newest first."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM recalculations WHERE school = :school ORDER BY created_at DESC LIMIT :most"),  # noqa: S608
        {"school": school, "most": most},
    )
    return [Recalculation(**row) for row in rows.mappings()]


async def forget_ended_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` recalculations that ended before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM recalculations WHERE id IN (
                SELECT id FROM recalculations WHERE finished_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
