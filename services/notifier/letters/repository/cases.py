"""Cases, their crossings and the letter that waits: SQL.

Every change of a case, its letters and their deliveries included, is made under the lock on the case's row. Locks are taken in the order
of (student, term), after those of contacts and before those of bad addresses; and nobody who holds one waits for a delivery's work item:
those who settle an item wait for the case.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import Case, Kept, Waiting
from services.notifier.letters.repository import letters
from shared.events.data import AbsentDay

_encoder = msgspec.json.Encoder()

CaseKey = tuple[uuid.UUID, str]


async def create(connection: AsyncConnection, cases: Sequence[Case]) -> None:
    """Makes rows for cases that have none yet."""
    ordered = sorted(cases, key=lambda case: (case.student_id, case.term))
    await connection.execute(
        text(
            """
            INSERT INTO cases (student_id, term, school, student, tier, absent_half_days, counted_at)
            SELECT * FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:schools AS text[]), CAST(:students AS text[]),
                CAST(:tiers AS text[]), CAST(:half_days AS int[]), CAST(:counted_ats AS timestamptz[])
            )
            ON CONFLICT (student_id, term) DO NOTHING
            """
        ),
        {
            "student_ids": [case.student_id for case in ordered],
            "terms": [case.term for case in ordered],
            "schools": [case.school for case in ordered],
            "students": [case.student for case in ordered],
            "tiers": [case.tier for case in ordered],
            "half_days": [case.absent_half_days for case in ordered],
            "counted_ats": [case.counted_at for case in ordered],
        },
    )


async def lock(connection: AsyncConnection, keys: Collection[CaseKey]) -> dict[CaseKey, Case]:
    """The cases, locked until the transaction ends."""
    ordered = sorted(keys)
    rows = await connection.execute(
        text(
            """
            SELECT c.* FROM cases c
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            ORDER BY c.student_id, c.term FOR NO KEY UPDATE OF c
            """
        ),
        {"student_ids": [student_id for student_id, _ in ordered], "terms": [term for _, term in ordered]},
    )
    return await _load(connection, [row._mapping for row in rows])


async def lock_of_students(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> dict[CaseKey, Case]:
    """All cases of these students, locked until the transaction ends."""
    if not student_ids:
        return {}
    rows = await connection.execute(
        text(
            """
            SELECT * FROM cases WHERE student_id = ANY(CAST(:student_ids AS uuid[]))
            ORDER BY student_id, term FOR NO KEY UPDATE
            """
        ),
        {"student_ids": sorted(student_ids)},
    )
    return await _load(connection, [row._mapping for row in rows])


async def crossings_of(connection: AsyncConnection, event_ids: Collection[str]) -> dict[str, tuple[uuid.UUID, str, int, int]]:
    """The crossing (student, term, threshold, sequence) that came with each of these events before."""
    rows = await connection.execute(
        text("SELECT event_id, student_id, term, threshold, sequence FROM crossings WHERE event_id = ANY(CAST(:event_ids AS text[]))"),
        {"event_ids": list(event_ids)},
    )
    return {row.event_id: (row.student_id, row.term, row.threshold, row.sequence) for row in rows}


async def save(connection: AsyncConnection, before: Case, after: Case, now: datetime) -> None:
    """Writes what a rule changed of a case, its work items included."""
    if _count_of(before) != _count_of(after):
        await connection.execute(
            text(
                """
                UPDATE cases SET tier = :tier, absent_half_days = :half_days, counted_at = :counted_at,
                    absent_on = CAST(:absent_on AS jsonb), illness_half_days = :illness, standing = :standing
                WHERE student_id = :student_id AND term = :term
                """
            ),
            {
                "student_id": after.student_id,
                "term": after.term,
                "tier": after.tier,
                "half_days": after.absent_half_days,
                "counted_at": after.counted_at,
                "absent_on": _encoder.encode(after.absent_on).decode(),
                "illness": after.illness_half_days,
                "standing": after.standing,
            },
        )
    if before.waiting != after.waiting:
        await letters.change(connection, after, before.waiting, after.waiting, now)
    unchanged = set(before.crossings)
    changed = [kept for kept in after.crossings if kept not in unchanged]
    if changed:
        await _put_crossings(connection, after, changed, now)


def _count_of(case: Case) -> tuple[object, ...]:
    return case.tier, case.absent_half_days, case.counted_at, case.absent_on, case.illness_half_days, case.standing


async def _put_crossings(connection: AsyncConnection, case: Case, changed: Sequence[Kept], now: datetime) -> None:
    await connection.execute(
        text(
            """
            INSERT INTO crossings (student_id, term, threshold, sequence, event_id, state, letter_id, said_at, handled_at)
            VALUES (:student_id, :term, :threshold, :sequence, :event_id, :state, :letter_id, :said_at, :now)
            ON CONFLICT (student_id, term, threshold, sequence) DO UPDATE SET state = excluded.state, letter_id = excluded.letter_id
            """
        ),
        [
            {
                "student_id": case.student_id,
                "term": case.term,
                "threshold": kept.threshold,
                "sequence": kept.sequence,
                "event_id": kept.event_id,
                "state": kept.state,
                "letter_id": kept.letter_id,
                "said_at": kept.said_at or now,
                "now": now,
            }
            for kept in changed
        ],
    )


async def _load(connection: AsyncConnection, rows: Sequence[Mapping[Any, Any]]) -> dict[CaseKey, Case]:
    cases = {(row["student_id"], row["term"]): _case(row) for row in rows}
    if not cases:
        return cases
    # Read after the locks are held, so that nothing here can be older than them.
    keys = {"student_ids": [student_id for student_id, _ in cases], "terms": [term for _, term in cases]}
    crossings: dict[CaseKey, list[Kept]] = defaultdict(list)
    for row in await connection.execute(
        text(
            """
            SELECT c.* FROM crossings c
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            ORDER BY c.threshold, c.sequence
            """
        ),
        keys,
    ):
        crossings[row.student_id, row.term].append(Kept(row.threshold, row.sequence, row.event_id, row.state, row.letter_id, row.said_at))
    waiting = {
        (row.student_id, row.term): Waiting(row.id, row.work_id, row.state, row.threshold, row.due_at, row.release_id is not None)
        for row in await connection.execute(
            text(
                """
                SELECT l.* FROM letters l
                JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
                WHERE l.state IN ('held', 'no-contact', 'on-hold', 'awaiting-release')
                """
            ),
            keys,
        )
    }
    return {key: replace(case, crossings=tuple(crossings[key]), waiting=waiting.get(key)) for key, case in cases.items()}


def _case(row: Mapping[Any, Any]) -> Case:
    return Case(
        row["student_id"],
        row["term"],
        row["school"],
        row["student"],
        row["tier"],
        row["absent_half_days"],
        row["counted_at"],
        absent_on=tuple(msgspec.convert(row["absent_on"], list[AbsentDay])),
        illness_half_days=row["illness_half_days"],
        standing=row["standing"],
    )
