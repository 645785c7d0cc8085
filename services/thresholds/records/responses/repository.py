"""SQL of the responses on STAR records. Whoever writes holds the school's lock."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = """
    id, record_id, activity, label, standard, occurred_on, staff, note, recorded_by, recorded_at, amended_at, withdrawn_by, withdrawn_at
"""


async def add(connection: AsyncConnection, response: Mapping[str, Any]) -> None:
    """Keeps a response on a record."""
    await connection.execute(
        text(
            """
            INSERT INTO responses (id, record_id, activity, label, standard, occurred_on, staff, note, recorded_by, recorded_at)
            VALUES (:id, :record_id, :activity, :label, :standard, :occurred_on, :staff, :note, :recorded_by, :recorded_at)
            """
        ),
        response,
    )


async def get(connection: AsyncConnection, record_id: uuid.UUID, response_id: uuid.UUID) -> RowMapping | None:
    """One response of a record, withdrawn or not."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM responses WHERE id = :id AND record_id = :record_id"),  # noqa: S608
        {"id": response_id, "record_id": record_id},
    )
    return rows.mappings().one_or_none()


async def amend(connection: AsyncConnection, response_id: uuid.UUID, fields: Mapping[str, Any], now: datetime) -> None:
    """Writes a response as it should have been recorded; one that is withdrawn stays as it is."""
    await connection.execute(
        text(
            """
            UPDATE responses SET activity = :activity, label = :label, standard = :standard, occurred_on = :occurred_on, staff = :staff,
                note = :note, amended_at = :now
            WHERE id = :id AND withdrawn_at IS NULL
            """
        ),
        {"id": response_id, "now": now, **fields},
    )


async def withdraw(connection: AsyncConnection, response_id: uuid.UUID, subject: str, now: datetime) -> bool:
    """Marks a response as one that never happened; False when it was before."""
    changed = await connection.execute(
        text("UPDATE responses SET withdrawn_by = :subject, withdrawn_at = :now WHERE id = :id AND withdrawn_at IS NULL"),
        {"id": response_id, "subject": subject, "now": now},
    )
    return changed.rowcount == 1


async def of_records(connection: AsyncConnection, records: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[RowMapping]]:
    """The responses on each of these records, oldest first, withdrawn ones included."""
    found: dict[uuid.UUID, list[RowMapping]] = {record: [] for record in records}
    if not records:
        return found
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM responses
            WHERE record_id = ANY(CAST(:records AS uuid[])) ORDER BY recorded_at, id
            """  # noqa: S608
        ),
        {"records": list(records)},
    )
    for row in rows.mappings():
        found[row["record_id"]].append(row)
    return found
