"""The record of who looked at a letter, and when: SQL. Written once, never changed: the database holds to that."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def note(connection: AsyncConnection, delivery_id: uuid.UUID, by: str, role: str, now: datetime) -> None:
    """Somebody looks at a letter."""
    await connection.execute(
        text("INSERT INTO letter_reads (delivery_id, read_by, role, read_at) VALUES (:delivery_id, :by, :role, :now)"),
        {"delivery_id": delivery_id, "by": by, "role": role, "now": now},
    )


async def of(connection: AsyncConnection, delivery_id: uuid.UUID, most: int) -> Sequence[Mapping[str, Any]]:
    """The last who looked, the first of them first."""
    rows = await connection.execute(
        text(
            """
            SELECT read_by, role, read_at FROM (
                SELECT * FROM letter_reads WHERE delivery_id = :delivery_id ORDER BY id DESC LIMIT :most
            ) last ORDER BY id
            """
        ),
        {"delivery_id": delivery_id, "most": most},
    )
    return [dict(row) for row in rows.mappings()]
