"""SQL of STAR records and the responses on them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings import CrossingFact

_COLUMNS = """
    id, school, student, student_id, term, threshold, origin, sequence, absent_half_days, crossed_on, status, created_at, updated_at
"""


async def sequences(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many times each of these records has been opened by a crossing; those that never were are not in the answer."""
    rows = await connection.execute(text("SELECT id, sequence FROM star_records WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})
    return {row.id: row.sequence for row in rows}


async def statuses(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The status of each of these records that exists."""
    rows = await connection.execute(text("SELECT id, status FROM star_records WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})
    return {row.id: row.status for row in rows}


async def apply_crossings(connection: AsyncConnection, facts: Sequence[CrossingFact], now: datetime) -> None:
    """Opens, reopens or withdraws the records of crossings. No record may be in the list twice."""
    if not facts:
        return
    await connection.execute(
        text(
            """
            INSERT INTO star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days,
                crossed_on, status, created_at, updated_at)
            VALUES (:id, :school, :student, :student_id, :term, :threshold, 'crossing', :sequence, :absent_half_days,
                :occurred_on, :status, :now, :now)
            ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, status = excluded.status, updated_at = excluded.updated_at,
                absent_half_days = CASE WHEN excluded.status = 'open' THEN excluded.absent_half_days
                                        ELSE star_records.absent_half_days END,
                crossed_on = CASE WHEN excluded.status = 'open' THEN excluded.crossed_on ELSE star_records.crossed_on END
            """
        ),
        [
            {
                "id": fact.record_id,
                "school": fact.change.school,
                "student": fact.change.student,
                "student_id": fact.change.student_id,
                "term": fact.change.term,
                "threshold": fact.threshold,
                "sequence": fact.sequence,
                "absent_half_days": fact.change.absences.half_days,
                "occurred_on": fact.occurred_on,
                "status": "open" if fact.direction == "up" else "withdrawn",
                "now": now,
            }
            for fact in sorted(facts, key=lambda fact: fact.record_id)
        ],
    )


async def insert_manual(connection: AsyncConnection, record: Mapping[str, Any]) -> None:
    """Keeps a record made by hand."""
    await connection.execute(
        text(
            """
            INSERT INTO star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days,
                crossed_on, status, created_at, updated_at)
            VALUES (:id, :school, :student, :student_id, :term, :threshold, 'manual', 1, :absent_half_days,
                :crossed_on, 'open', :now, :now)
            """
        ),
        record,
    )


async def get(connection: AsyncConnection, record_id: uuid.UUID) -> RowMapping | None:
    """One record."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM star_records WHERE id = :id"), {"id": record_id})  # noqa: S608
    return rows.mappings().one_or_none()


async def set_status(connection: AsyncConnection, record_id: uuid.UUID, status: str, now: datetime) -> bool:
    """Opens or closes a record; False when it is withdrawn, or has that status already."""
    changed = await connection.execute(
        text(
            """
            UPDATE star_records SET status = :status, updated_at = :now
            WHERE id = :id AND status <> 'withdrawn' AND status <> :status
            """
        ),
        {"id": record_id, "status": status, "now": now},
    )
    return changed.rowcount == 1


async def of_student(connection: AsyncConnection, student_id: uuid.UUID, term: str) -> list[RowMapping]:
    """A student's records of a term, in the order of their thresholds."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM star_records WHERE student_id = :id AND term = :term ORDER BY threshold, created_at"),  # noqa: S608
        {"id": student_id, "term": term},
    )
    return list(rows.mappings())


async def page(
    connection: AsyncConnection,
    *,
    school: str,
    term: str | None,
    threshold: int | None,
    status: str | None,
    student: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> list[RowMapping]:
    """Records of a school, by id."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM star_records
            WHERE school = :school
                AND (CAST(:term AS text) IS NULL OR term = :term)
                AND (CAST(:threshold AS int) IS NULL OR threshold = :threshold)
                AND (CAST(:status AS text) IS NULL OR status = :status)
                AND (CAST(:student AS text) IS NULL OR student = :student)
                AND (CAST(:after AS uuid) IS NULL OR id > :after)
            ORDER BY id LIMIT :limit
            """  # noqa: S608
        ),
        {
            "school": school,
            "term": term,
            "threshold": threshold,
            "status": status,
            "student": student,
            "after": after,
            "limit": limit,
        },
    )
    return list(rows.mappings())


async def add_response(
    connection: AsyncConnection,
    *,
    response_id: uuid.UUID,
    record_id: uuid.UUID,
    activity: str,
    occurred_on: date,
    staff: str,
    note: str | None,
    recorded_by: str,
    now: datetime,
) -> None:
    """Keeps a response on a record."""
    await connection.execute(
        text(
            """
            INSERT INTO responses (id, record_id, activity, occurred_on, staff, note, recorded_by, recorded_at)
            VALUES (:id, :record_id, :activity, :occurred_on, :staff, :note, :recorded_by, :now)
            """
        ),
        {
            "id": response_id,
            "record_id": record_id,
            "activity": activity,
            "occurred_on": occurred_on,
            "staff": staff,
            "note": note,
            "recorded_by": recorded_by,
            "now": now,
        },
    )


async def responses_of(connection: AsyncConnection, records: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[RowMapping]]:
    """The responses on each of these records, oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT id, record_id, activity, occurred_on, staff, note, recorded_at FROM responses
            WHERE record_id = ANY(CAST(:records AS uuid[])) ORDER BY recorded_at, id
            """
        ),
        {"records": list(records)},
    )
    found: dict[uuid.UUID, list[RowMapping]] = {record: [] for record in records}
    for row in rows.mappings():
        found[row["record_id"]].append(row)
    return found
