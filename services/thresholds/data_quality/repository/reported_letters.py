"""SQL of the dead letters that other services report."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class ReportedLetter:
    """That a service could not apply `count` marks or records of a school. The payload stays with that service."""

    id: uuid.UUID
    service: str
    school: str
    topic: str
    reason: str
    count: int
    reported_at: datetime


async def add(connection: AsyncConnection, letters: Sequence[ReportedLetter]) -> None:
    """Keeps what was reported; a repeat changes nothing."""
    if not letters:
        return
    await connection.execute(
        text(
            """
            INSERT INTO reported_dead_letters (id, service, school, topic, reason, count, reported_at)
            VALUES (:id, :service, :school, :topic, :reason, :count, :reported_at)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        [asdict(letter) for letter in sorted(letters, key=lambda letter: letter.id)],
    )


async def settle(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    """Drops what waits for nobody any more."""
    if ids:
        await connection.execute(text("DELETE FROM reported_dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` letters that were reported before a moment; answers how many."""
    dropped = await connection.execute(
        text(
            """
            DELETE FROM reported_dead_letters WHERE id IN (
                SELECT id FROM reported_dead_letters WHERE reported_at < :moment ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return dropped.rowcount


async def of_school(connection: AsyncConnection, school: str, since: datetime, service: str) -> list[ReportedLetter]:
    """The dead letters of a school that wait for a person: those of this service, and those that others have reported since a moment."""
    rows = await connection.execute(
        text(
            """
            SELECT id, CAST(:service AS text) AS service, school, topic, reason, count, created_at AS reported_at
            FROM dead_letters WHERE state = 'kept' AND school = :school
            UNION ALL
            SELECT id, service, school, topic, reason, count, reported_at
            FROM reported_dead_letters WHERE school = :school AND reported_at >= :since
            """
        ),
        {"school": school, "since": since, "service": service},
    )
    return [ReportedLetter(*row) for row in rows]
