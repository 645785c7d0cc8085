"""SQL of the responses on STAR records. A writer holds the school's lock."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.responses.response import RecordedResponse

_COLUMNS = """
    id, record_id, activity, label, standard, occurred_on, staff, note, recorded_by, recorded_at, amended_at, withdrawn_by, withdrawn_at
"""


async def add(connection: AsyncConnection, response: RecordedResponse) -> None:
    """Keeps a response on a record."""
    await connection.execute(
        text(
            """
            INSERT INTO responses (id, record_id, activity, label, standard, occurred_on, staff, note, recorded_by, recorded_at)
            VALUES (:id, :record_id, :activity, :label, :standard, :occurred_on, :staff, :note, :recorded_by, :recorded_at)
            """
        ),
        asdict(response),
    )


async def get(connection: AsyncConnection, record_id: uuid.UUID, response_id: uuid.UUID) -> RecordedResponse | None:
    """One response of a record, withdrawn or not."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM responses WHERE id = :id AND record_id = :record_id"),  # noqa: S608
        {"id": response_id, "record_id": record_id},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else RecordedResponse(**row)


async def of_ids(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, RecordedResponse]:
    """These responses, withdrawn or not, by their ids; ids that no response has are passed over."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM responses WHERE id = ANY(CAST(:ids AS uuid[]))"),  # noqa: S608
        {"ids": list(ids)},
    )
    return {row["id"]: RecordedResponse(**row) for row in rows.mappings()}


async def amend(connection: AsyncConnection, response: RecordedResponse) -> None:
    """Writes a response as it should have been recorded; one that is withdrawn stays as it is."""
    await connection.execute(
        text(
            """
            UPDATE responses SET activity = :activity, label = :label, standard = :standard, occurred_on = :occurred_on, staff = :staff,
                note = :note, amended_at = :amended_at
            WHERE id = :id AND withdrawn_at IS NULL
            """
        ),
        asdict(response),
    )


async def withdraw(connection: AsyncConnection, response_id: uuid.UUID, subject: str, now: datetime) -> bool:
    """Marks a response as one that never happened; False when it was before."""
    changed = await connection.execute(
        text("UPDATE responses SET withdrawn_by = :subject, withdrawn_at = :now WHERE id = :id AND withdrawn_at IS NULL"),
        {"id": response_id, "subject": subject, "now": now},
    )
    return changed.rowcount == 1


async def of_records(connection: AsyncConnection, records: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[RecordedResponse]]:
    """The responses on each of these records, oldest first, withdrawn ones included."""
    given: dict[uuid.UUID, list[RecordedResponse]] = {record: [] for record in records}
    if not records:
        return given
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
        given[row["record_id"]].append(RecordedResponse(**row))
    return given
