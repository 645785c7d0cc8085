"""The dead letters' SQL."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.headers import headers_from_text, headers_to_text
from shared.bus.interface import Outgoing
from shared.deadletters.letter import DeadLetter
from shared.events.data import StudentErased
from shared.events.topics import STUDENTS


async def insert(connection: AsyncConnection, letter: DeadLetter, now: datetime) -> bool:
    """Keeps a letter; False when it was there before."""
    message = letter.message
    inserted = await connection.execute(
        text(
            """
            INSERT INTO dead_letters (id, topic, partition, "offset", key, value, headers, school, reason, detail, count, created_at)
            VALUES (:id, :topic, :partition, :offset, :key, :value, :headers, :school, :reason, :detail, :count, :now)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "id": letter.id,
            "topic": message.topic,
            "partition": message.partition,
            "offset": message.offset,
            "key": message.key,
            "value": letter.value if letter.value is not None else message.value,
            "headers": headers_to_text(message.headers),
            "school": letter.school,
            "reason": letter.reason,
            "detail": letter.detail,
            "count": letter.count,
            "now": now,
        },
    )
    return inserted.rowcount == 1


async def count_between(connection: AsyncConnection, since: datetime, now: datetime) -> int:
    """How many letters have been kept in a time and not settled. Those of a clock that was ahead are not of any time."""
    counted = await connection.execute(
        text("SELECT count(*) FROM dead_letters WHERE state = 'kept' AND created_at BETWEEN :since AND :now"), {"since": since, "now": now}
    )
    return int(counted.scalar_one())


async def of_school(connection: AsyncConnection, school: str, reasons: Sequence[str]) -> list[uuid.UUID]:
    """The kept letters of a school with one of these reasons, in the order of their records."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM dead_letters
            WHERE state = 'kept' AND school = :school AND reason = ANY(CAST(:reasons AS text[]))
            ORDER BY topic, partition, "offset", id
            """
        ),
        {"school": school, "reasons": list(reasons)},
    )
    return [row[0] for row in rows]


async def page(
    connection: AsyncConnection,
    state: str,
    after: uuid.UUID | None,
    limit: int,
    *,
    schools: Sequence[str] | None = None,
    reason: str | None = None,
    topic: str | None = None,
) -> list[Mapping[str, Any]]:
    """Letters in a state by id, without their payload; with `schools` or `reason`, those of these schools or this reason only."""
    rows = await connection.execute(
        text(
            """
            SELECT id, topic, partition, "offset", school, reason, detail, count, state, created_at, settled_at
            FROM dead_letters
            WHERE state = :state AND (CAST(:after AS uuid) IS NULL OR id > :after)
                AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
                AND (CAST(:reason AS text) IS NULL OR reason = :reason)
                AND (CAST(:topic AS text) IS NULL OR topic = :topic)
            ORDER BY id LIMIT :limit
            """
        ),
        {
            "state": state,
            "after": after,
            "limit": limit,
            "schools": None if schools is None else list(schools),
            "reason": reason,
            "topic": topic,
        },
    )
    return [dict(row) for row in rows.mappings()]


async def by_reason(connection: AsyncConnection) -> list[Mapping[str, Any]]:
    """How many kept letters there are of each reason and topic, and the oldest of each."""
    rows = await connection.execute(
        text(
            """
            SELECT reason, topic, count(*) AS letters, min(created_at) AS oldest FROM dead_letters
            WHERE state = 'kept' GROUP BY reason, topic ORDER BY letters DESC, reason, topic
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


async def find(connection: AsyncConnection, letter_id: uuid.UUID) -> Mapping[str, Any] | None:
    """A letter without its payload, whatever became of it."""
    rows = await connection.execute(
        text(
            """
            SELECT id, topic, partition, "offset", school, reason, detail, count, state, created_at, settled_at, why,
                coalesce(octet_length(value), 0) AS bytes
            FROM dead_letters WHERE id = :id
            """
        ),
        {"id": letter_id},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


@dataclass(frozen=True, slots=True)
class LetterOwner:
    """The school that a letter is about; None where that could not be read."""

    school: str | None


async def owner_of(connection: AsyncConnection, letter_id: uuid.UUID) -> LetterOwner | None:
    """The school of a letter; None for a letter that does not exist."""
    row = (await connection.execute(text("SELECT school FROM dead_letters WHERE id = :id"), {"id": letter_id})).one_or_none()
    return None if row is None else LetterOwner(row.school)


async def settle(
    connection: AsyncConnection, letter_id: uuid.UUID, state: Literal["redriven", "discarded"], now: datetime, why: str | None = None
) -> tuple[Outgoing, int] | None:
    """Moves a kept letter on; answers the message it holds and its partition, None when there is no such letter to settle."""
    row = (
        await connection.execute(
            text(
                """
                UPDATE dead_letters SET state = :state, settled_at = :now, why = :why WHERE id = :id AND state = 'kept'
                RETURNING topic, partition, key, value, headers
                """
            ),
            {"id": letter_id, "state": state, "now": now, "why": why},
        )
    ).one_or_none()
    if row is None:
        return None
    return Outgoing(row.topic, row.key or b"", row.value, headers_from_text(row.headers)), row.partition


async def naming(connection: AsyncConnection, erased: StudentErased) -> list[uuid.UUID]:
    """The letters, whatever became of them, that can name a student: of the topic with names, by its key or by their content.

    Content that nobody can read is looked through as bytes.
    """
    rows = await connection.execute(
        text(
            """
            SELECT id, key, value FROM dead_letters
            WHERE topic = :topic AND (key = :key OR value IS NOT NULL AND (school IS NULL OR school = :school)) ORDER BY id
            """
        ),
        {"topic": STUDENTS.name, "key": str(erased.student_id).encode(), "school": erased.school},
    )
    marks = {str(erased.student_id).encode(), f'"{erased.student}"'.encode()}
    return [row.id for row in rows if row.key == str(erased.student_id).encode() or any(mark in row.value for mark in marks)]


async def before(connection: AsyncConnection, places: Mapping[tuple[str, bytes | None], int]) -> list[uuid.UUID]:
    """The letters, whatever became of them, of these topics and keys from before an offset."""
    rows = await connection.execute(
        text(
            """
            SELECT d.id FROM dead_letters d
            JOIN unnest(CAST(:topics AS text[]), CAST(:keys AS bytea[]), CAST(:offsets AS bigint[])) AS w(topic, key, before)
                ON w.topic = d.topic AND w.key = d.key AND d."offset" < w.before
            ORDER BY d.id
            """
        ),
        {
            "topics": [topic for topic, _ in places],
            "keys": [key for _, key in places],
            "offsets": list(places.values()),
        },
    )
    return [row.id for row in rows]


async def delete(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> int:
    """Deletes letters; answers how many."""
    if not ids:
        return 0
    return (await connection.execute(text("DELETE FROM dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})).rowcount


async def forget_kept_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` letters that have waited for a person since before a moment, oldest first; answers how many."""
    return await _forget(connection, "state = 'kept' AND created_at < :moment ORDER BY created_at", moment, most)


async def forget_settled_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` letters that were redriven or discarded before a moment, oldest first; answers how many."""
    return await _forget(connection, "settled_at < :moment ORDER BY settled_at", moment, most)


async def _forget(connection: AsyncConnection, which: str, moment: datetime, most: int) -> int:
    deleted = await connection.execute(
        text(
            f"""
            DELETE FROM dead_letters WHERE id = ANY(ARRAY(
                SELECT id FROM dead_letters WHERE {which} LIMIT :most FOR UPDATE SKIP LOCKED
            ))
            """  # noqa: S608 - `which` is one of the two texts above
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
