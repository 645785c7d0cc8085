"""SQL of the terms that students brought from other schools."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = "id, school, student, student_id, term, from_school, exported_at, document, state, imported_by, imported_at, withdrawn_at"


async def of_student(connection: AsyncConnection, student_id: uuid.UUID, term: str | None = None) -> list[RowMapping]:
    """What a student brought along, withdrawn and superseded documents included, oldest first; of one term, or of all."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM transfers
            WHERE student_id = :student_id AND (CAST(:term AS text) IS NULL OR term = :term) ORDER BY imported_at, id
            """  # noqa: S608
        ),
        {"student_id": student_id, "term": term},
    )
    return list(rows.mappings())


async def get(connection: AsyncConnection, transfer_id: uuid.UUID) -> RowMapping | None:
    """One document."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM transfers WHERE id = :id"), {"id": transfer_id})  # noqa: S608
    return rows.mappings().one_or_none()


async def insert(connection: AsyncConnection, transfer: Mapping[str, Any]) -> None:
    """Keeps a document. The active one of the same school before it has to be superseded first."""
    await connection.execute(
        text(
            """
            INSERT INTO transfers (id, school, student, student_id, term, from_school, exported_at, document, state, imported_by,
                imported_at)
            VALUES (:id, :school, :student, :student_id, :term, :from_school, :exported_at, :document, 'active', :imported_by, :now)
            """
        ),
        transfer,
    )


async def supersede(connection: AsyncConnection, transfer_id: uuid.UUID) -> None:
    """A newer document of the same school takes the place of this one."""
    await connection.execute(text("UPDATE transfers SET state = 'superseded' WHERE id = :id AND state = 'active'"), {"id": transfer_id})


async def withdraw(connection: AsyncConnection, transfer_id: uuid.UUID, by: str, now: datetime) -> bool:
    """Takes a document back; False when it is not active."""
    changed = await connection.execute(
        text("UPDATE transfers SET state = 'withdrawn', withdrawn_by = :by, withdrawn_at = :now WHERE id = :id AND state = 'active'"),
        {"id": transfer_id, "by": by, "now": now},
    )
    return changed.rowcount == 1
