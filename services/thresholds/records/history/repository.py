"""SQL of the records' histories. Steps are added and read; the table itself refuses every change."""

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.history.changes import NewStep


async def add(connection: AsyncConnection, record_id: uuid.UUID, step: NewStep, subject: str, now: datetime) -> None:
    """Writes down what somebody did. The caller holds the school's lock, so a record's steps are numbered in their order."""
    await connection.execute(
        text(
            """
            INSERT INTO record_history (record_id, response_id, at, subject, action, changes)
            VALUES (:record_id, :response_id, :now, :subject, :action, CAST(:changes AS jsonb))
            """
        ),
        {
            "record_id": record_id,
            "response_id": step.response_id,
            "now": now,
            "subject": subject,
            "action": step.action,
            "changes": msgspec.json.encode(step.changes).decode(),
        },
    )


async def of_record(connection: AsyncConnection, record_id: uuid.UUID) -> list[RowMapping]:
    """All steps of a record, oldest first; `changes` is field to [from, to]."""
    rows = await connection.execute(
        text("SELECT response_id, at, subject, action, changes FROM record_history WHERE record_id = :id ORDER BY id").columns(
            changes=JSONB
        ),
        {"id": record_id},
    )
    return list(rows.mappings())
