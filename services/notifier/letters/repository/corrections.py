"""Letters that went, and what they told: SQL. The caller holds the lock of the case."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.correcting import CorrectableLetter
from services.notifier.letters.case import Case
from shared.events.data import AbsentDay

_SENT: Final = """
    SELECT d.id, d.letter_id, l.threshold, d.channel, d.status, d.recipient, d.told, d.corrects,
        (SELECT count(*) FROM deliveries x WHERE x.letter_id = d.letter_id AND x.corrects = d.id) AS corrections,
        EXISTS (
            SELECT FROM deliveries x WHERE x.letter_id = d.letter_id AND x.corrects = d.id AND x.status IN ('waiting', 'sent')
        ) AS is_corrected
    FROM deliveries d JOIN letters l ON l.id = d.letter_id
"""


async def get(connection: AsyncConnection, delivery: uuid.UUID) -> CorrectableLetter | None:
    """One delivery; None for one that does not exist."""
    row = (await connection.execute(text(_SENT + "WHERE d.id = :id"), {"id": delivery})).mappings().one_or_none()
    return None if row is None else _sent(row)


async def sent_of_case(connection: AsyncConnection, case: Case) -> Sequence[CorrectableLetter]:
    """All letters of a case that went out and told of days."""
    rows = await connection.execute(
        text(
            _SENT
            + "WHERE l.student_id = :student_id AND l.term = :term AND l.occasion IS NULL"
            + " AND d.status = 'sent' AND d.told IS NOT NULL AND d.corrects IS NULL"
        ),
        {"student_id": case.student_id, "term": case.term},
    )
    return [_sent(row) for row in rows.mappings()]


def _sent(row: Mapping[Any, Any]) -> CorrectableLetter:
    return CorrectableLetter(**{**row, "told": tuple(msgspec.convert(row["told"] or [], list[AbsentDay]))})
