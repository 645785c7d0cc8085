"""Schools' decisions about the words of their systems, and where those words stand: SQL."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.correspondents import Decision, Decisions
from shared.correspondents import text_key


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision, and the person who took it."""

    decision: Decision
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TextInUse:
    """A status or role that caregivers of the school have, in its spelling there, and how many students and caregivers that concerns."""

    text: str
    students: int
    caregivers: int


_IN_USE = """
    FROM contacts c, jsonb_array_elements(c.caregivers || c.caregivers_elsewhere) p,
        LATERAL (VALUES (p ->> 'status'), (p ->> 'role')) w(text)
    WHERE c.school = :school AND w.text IS NOT NULL AND w.text <> ''
"""


async def of_schools(connection: AsyncConnection, schools: Collection[str]) -> dict[str, Decisions]:
    """The decisions of each of the schools."""
    rows = await connection.execute(
        text("SELECT school, key, decision FROM caregiver_decisions WHERE school = ANY(CAST(:schools AS text[]))"),
        {"schools": sorted(schools)},
    )
    decisions: dict[str, dict[str, Decision]] = defaultdict(dict)
    for row in rows:
        decisions[row.school][row.key] = row.decision
    return {school: decisions[school] for school in schools}


async def of(connection: AsyncConnection, school: str) -> Decisions:
    """The decisions of a school."""
    return (await of_schools(connection, [school]))[school]


async def kept(connection: AsyncConnection, school: str) -> dict[str, KeptDecision]:
    """The decisions of a school with their makers, by the text's key."""
    rows = await connection.execute(
        text("SELECT key, decision, decided_by, decided_at FROM caregiver_decisions WHERE school = :school"), {"school": school}
    )
    return {row.key: KeptDecision(row.decision, row.decided_by, row.decided_at) for row in rows}


async def put(connection: AsyncConnection, school: str, key: str, decision: Decision, by: str, now: datetime) -> None:
    """Keeps a decision in place of the one before."""
    await connection.execute(
        text(
            """
            INSERT INTO caregiver_decisions (school, key, decision, decided_by, decided_at) VALUES (:school, :key, :decision, :by, :now)
            ON CONFLICT (school, key) DO UPDATE
            SET decision = excluded.decision, decided_by = excluded.decided_by, decided_at = excluded.decided_at
            """
        ),
        {"school": school, "key": key, "decision": decision, "by": by, "now": now},
    )


async def remove(connection: AsyncConnection, school: str, key: str) -> None:
    """Takes a decision back."""
    await connection.execute(text("DELETE FROM caregiver_decisions WHERE school = :school AND key = :key"), {"school": school, "key": key})


async def forget_unused(connection: AsyncConnection, school: str) -> int:
    """Drops the decisions about texts that no caregiver of the school has any more: one that comes back is decided anew, and until then no
    letter goes. Answers how many."""
    used = [text_key(used.text) for used in await in_use(connection, school)]
    dropped = await connection.execute(
        text("DELETE FROM caregiver_decisions WHERE school = :school AND key <> ALL(CAST(:used AS text[]))"),
        {"school": school, "used": used},
    )
    return dropped.rowcount


async def in_use(connection: AsyncConnection, school: str) -> list[TextInUse]:
    """The texts in use at a school, the most usual first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT w.text, count(DISTINCT c.student_id) AS students, count(*) AS caregivers {_IN_USE}
            GROUP BY w.text ORDER BY caregivers DESC, w.text
            """
        ),
        {"school": school},
    )
    return [TextInUse(row.text, row.students, row.caregivers) for row in rows]


async def students_with(connection: AsyncConnection, school: str, key: str) -> set[uuid.UUID]:
    """The students of whose caregivers a text of this key is said."""
    rows = await connection.execute(text(f"SELECT DISTINCT c.student_id, w.text {_IN_USE}"), {"school": school})
    return {row.student_id for row in rows if text_key(row.text) == key}
