"""SQL of what uploads say of one student."""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import StudentErased

ERASED: Final = "erased"
"""Stands where words of a reason stood."""

_ITEMS = """
    SELECT i.id FROM items i LEFT JOIN items r ON r.id = i.record_id
    WHERE i.school = :school AND coalesce(r.knowledge, i.knowledge) -> 'subject' ->> 'student_id' = :student_id
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """An upload that was answered, with its document."""

    id: uuid.UUID
    body: bytes


async def answered_with(connection: AsyncConnection, erased: StudentErased) -> list[Answered]:
    """The answered uploads that hold a record or a response of the student, locked until the transaction ends."""
    rows = await connection.execute(
        text(
            f"""
            SELECT id, body FROM uploads WHERE status NOT IN ('pending', 'sending')
                AND id IN (SELECT upload_id FROM upload_items WHERE item_id IN ({_ITEMS}))
            ORDER BY id FOR NO KEY UPDATE
            """  # noqa: S608
        ),
        _of(erased),
    )
    return [Answered(*row) for row in rows]


async def erase_rejects(connection: AsyncConnection, erased: StudentErased) -> int:
    """Takes the words out of the Ministry's rejects of the student's items, not the fact; answers how many."""
    changed = await connection.execute(
        text(f"UPDATE upload_items SET reject = :erased WHERE reject <> :erased AND item_id IN ({_ITEMS})"),  # noqa: S608
        {**_of(erased), "erased": ERASED},
    )
    return changed.rowcount


async def count_items(connection: AsyncConnection, erased: StudentErased) -> int:
    """How many records and responses of the student have been, or are to be, part of uploads."""
    return int((await connection.execute(text(f"SELECT count(*) FROM ({_ITEMS}) own"), _of(erased))).scalar_one())  # noqa: S608


def _of(erased: StudentErased) -> dict[str, str]:
    return {"school": erased.school, "student_id": str(erased.student_id)}
