"""SQL of the free texts that staff wrote about one student. The facts beside them stay."""

import uuid
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ERASED: Final = "erased"
"""Stands where a text stood that a column has to have."""

FREE_TEXTS: Final = ("note", "reason")
"""The fields of a record's history whose values are words about the student."""

_RECORDS = "(SELECT id FROM star_records WHERE student_id = :student_id)"


async def erase_notes(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Takes the notes off the student's responses; answers how many."""
    statement = f"UPDATE responses SET note = NULL WHERE note IS NOT NULL AND record_id IN {_RECORDS}"  # noqa: S608
    return await _changed(connection, statement, student_id)


async def erase_record_reasons(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Takes the reasons off the student's records; answers how many."""
    statement = "UPDATE star_records SET reason = :erased WHERE student_id = :student_id AND reason <> :erased"
    return await _changed(connection, statement, student_id)


async def erase_hold_reasons(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Takes the reasons off the student's holds, which can be about health; answers how many."""
    statement = "UPDATE holds SET reason = :erased WHERE student_id = :student_id AND reason <> :erased"
    return await _changed(connection, statement, student_id)


async def erase_history(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Takes staff's words out of the histories of the student's records, not the steps; answers how many steps.

    The table takes no other change than this one, and this one only in a transaction that says so.
    """
    await connection.execute(text("SELECT set_config('star.erasing', 'on', true)"))
    statement = f"""
        UPDATE record_history SET changes = changes - CAST(:free_texts AS text[])
        WHERE record_id IN {_RECORDS} AND changes ?| CAST(:free_texts AS text[])
    """  # noqa: S608
    changed = await _changed(connection, statement, student_id)
    await connection.execute(text("SELECT set_config('star.erasing', 'off', true)"))
    return changed


async def kept(connection: AsyncConnection, student_id: uuid.UUID) -> dict[str, int]:
    """How many records, responses and holds of the student stay."""
    row = (
        await connection.execute(
            text(
                f"""
                SELECT (SELECT count(*) FROM star_records WHERE student_id = :student_id) AS records,
                    (SELECT count(*) FROM responses WHERE record_id IN {_RECORDS}) AS responses,
                    (SELECT count(*) FROM holds WHERE student_id = :student_id) AS holds
                """  # noqa: S608
            ),
            {"student_id": student_id},
        )
    ).one()
    return {"star-records": row.records, "responses": row.responses, "holds": row.holds}


async def _changed(connection: AsyncConnection, statement: str, student_id: uuid.UUID) -> int:
    values = {"student_id": student_id, "erased": ERASED, "free_texts": list(FREE_TEXTS)}
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    return (await connection.execute(text(statement), named)).rowcount
