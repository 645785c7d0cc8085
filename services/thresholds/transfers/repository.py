"""SQL of transfers: the terms that students brought from other schools."""

import uuid
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.transfers.transfer import Transfer

_COLUMNS = "id, school, student, student_id, term, from_school, exported_at, document, state, imported_by, imported_at, withdrawn_at"


async def of_student(connection: AsyncConnection, student_id: uuid.UUID, term: str | None = None) -> list[Transfer]:
    """A student's transfers of one term, or of all, withdrawn and superseded ones included, oldest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM transfers
            WHERE student_id = :student_id AND (CAST(:term AS text) IS NULL OR term = :term) ORDER BY imported_at, id
            """  # noqa: S608
        ),
        {"student_id": student_id, "term": term},
    )
    return [Transfer(**row) for row in rows.mappings()]


async def get(connection: AsyncConnection, transfer_id: uuid.UUID) -> Transfer | None:
    """One transfer."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM transfers WHERE id = :id"), {"id": transfer_id})  # noqa: S608
    row = rows.mappings().one_or_none()
    return None if row is None else Transfer(**row)


async def add(connection: AsyncConnection, transfer: Transfer) -> None:
    """Keeps a transfer. The active one of the same school before it has to be superseded first."""
    await connection.execute(
        text(
            """
            INSERT INTO transfers (id, school, student, student_id, term, from_school, exported_at, document, state, imported_by,
                imported_at)
            VALUES (:id, :school, :student, :student_id, :term, :from_school, :exported_at, :document, :state, :imported_by, :imported_at)
            """
        ),
        asdict(transfer),
    )


async def supersede(connection: AsyncConnection, transfer_id: uuid.UUID) -> None:
    """A newer document of the same school takes the place of this one."""
    await connection.execute(text("UPDATE transfers SET state = 'superseded' WHERE id = :id AND state = 'active'"), {"id": transfer_id})


async def redact(connection: AsyncConnection, transfer_id: uuid.UUID, document: bytes) -> None:
    """Keeps a document without what was erased of it."""
    await connection.execute(text("UPDATE transfers SET document = :document WHERE id = :id"), {"id": transfer_id, "document": document})


async def withdraw(connection: AsyncConnection, transfer_id: uuid.UUID, by: str, now: datetime) -> bool:
    """Takes a document back; False when it is not active."""
    changed = await connection.execute(
        text("UPDATE transfers SET state = 'withdrawn', withdrawn_by = :by, withdrawn_at = :now WHERE id = :id AND state = 'active'"),
        {"id": transfer_id, "by": by, "now": now},
    )
    return changed.rowcount == 1
