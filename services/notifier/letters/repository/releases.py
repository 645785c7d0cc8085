"""Letters that wait for a person, because more were due in a day than may go: SQL."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import WaitingState
from services.notifier.letters.repository.cases import CaseKey

ReleaseAction = Literal["released", "discarded"]

AWAITING: Final[frozenset[WaitingState]] = frozenset({"awaiting-release"})

RELEASABLE: Final[frozenset[WaitingState]] = frozenset({"held", "awaiting-release"})
"""States of letters that a person can let go: the others wait for something that no release brings."""

WAITING: Final[frozenset[WaitingState]] = frozenset({"held", "no-contact", "on-hold", "awaiting-release"})


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """A person's decision about letters that waited."""

    id: uuid.UUID
    school: str
    action: ReleaseAction
    reason: str | None
    decided_at: datetime
    decided_by: str


async def keep(connection: AsyncConnection, decision: ReleaseDecision, count: int) -> None:
    """Keeps a decision, and how many letters it was about."""
    await connection.execute(
        text(
            """
            INSERT INTO releases (id, school, action, letters, reason, decided_at, decided_by)
            VALUES (:id, :school, :action, :letters, :reason, :decided_at, :decided_by)
            """
        ),
        {
            "id": decision.id,
            "school": decision.school,
            "action": decision.action,
            "letters": count,
            "reason": decision.reason,
            "decided_at": decision.decided_at,
            "decided_by": decision.decided_by,
        },
    )


async def mark(connection: AsyncConnection, decision: ReleaseDecision, letters: Collection[uuid.UUID]) -> None:
    """Notes the decision with its letters."""
    await connection.execute(
        text("UPDATE letters SET release_id = :id WHERE id = ANY(CAST(:letters AS uuid[]))"),
        {"id": decision.id, "letters": sorted(letters)},
    )


async def awaiting(
    connection: AsyncConnection, school: str, chosen: Collection[uuid.UUID] | None, states: Collection[WaitingState] = AWAITING
) -> list[CaseKey]:
    """The cases whose letters wait in one of the states, of all of them or of the chosen letters. Locks nothing."""
    rows = await connection.execute(
        text(
            """
            SELECT student_id, term FROM letters
            WHERE school = :school AND state = ANY(CAST(:states AS text[]))
                AND (CAST(:chosen AS uuid[]) IS NULL OR id = ANY(CAST(:chosen AS uuid[])))
            """
        ),
        {"school": school, "states": sorted(states), "chosen": sorted(chosen) if chosen is not None else None},
    )
    return [(row.student_id, row.term) for row in rows]


async def states_of(connection: AsyncConnection, school: str, letters: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The state of each of these letters of the school."""
    rows = await connection.execute(
        text("SELECT id, state FROM letters WHERE school = :school AND id = ANY(CAST(:letters AS uuid[]))"),
        {"school": school, "letters": sorted(letters)},
    )
    return {row.id: row.state for row in rows}


async def case_of(connection: AsyncConnection, school: str, letter: uuid.UUID) -> CaseKey | None:
    """The case of a letter of the school; None where there is no such letter."""
    row = (
        await connection.execute(
            text("SELECT student_id, term FROM letters WHERE id = :letter AND school = :school"), {"letter": letter, "school": school}
        )
    ).one_or_none()
    return None if row is None else (row.student_id, row.term)


async def decisions(connection: AsyncConnection, school: str) -> int:
    """How often somebody at the school has decided about letters that waited."""
    count = await connection.execute(text("SELECT count(*) FROM releases WHERE school = :school"), {"school": school})
    return int(count.scalar_one())


async def counts(connection: AsyncConnection, school: str, timezone: str) -> Sequence[Mapping[str, Any]]:
    """How many wait, by the school's day on which they were due and by threshold."""
    rows = await connection.execute(
        text(
            """
            SELECT CAST(awaiting_since AT TIME ZONE :timezone AS date) AS day, threshold, occasion, count(*) AS letters
            FROM letters WHERE school = :school AND state = 'awaiting-release' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """
        ),
        {"school": school, "timezone": timezone},
    )
    return [dict(row) for row in rows.mappings()]


async def page(
    connection: AsyncConnection, school: str, *, after: tuple[datetime, uuid.UUID] | None, most: int
) -> Sequence[Mapping[str, Any]]:
    """Letters that wait, the longest waiting first."""
    after_at, after_id = after if after is not None else (None, None)
    rows = await connection.execute(
        text(
            """
            SELECT l.id, c.student, l.student_id, l.term, l.threshold, l.occasion, c.absent_half_days, l.due_at, l.awaiting_since
            FROM letters l JOIN cases c USING (student_id, term)
            WHERE l.school = :school AND l.state = 'awaiting-release'
                AND (CAST(:after_at AS timestamptz) IS NULL OR (l.awaiting_since, l.id) > (:after_at, CAST(:after_id AS uuid)))
            ORDER BY l.awaiting_since, l.id LIMIT :most
            """
        ),
        {"school": school, "after_at": after_at, "after_id": after_id, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


async def erase_reasons(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Takes the words out of the reasons of decisions that were about letters of the student; answers how many."""
    erased = await connection.execute(
        text(
            """
            UPDATE releases SET reason = 'erased' WHERE reason <> 'erased'
                AND id IN (SELECT release_id FROM letters WHERE student_id = :student_id)
            """
        ),
        {"student_id": student_id},
    )
    return erased.rowcount
