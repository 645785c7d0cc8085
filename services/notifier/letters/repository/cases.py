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


async def read(connection: AsyncConnection, key: CaseKey) -> Case | None:
    """A case as it is, without a lock."""
    return (await read_all(connection, [key])).get(key)


async def read_all(connection: AsyncConnection, keys: Collection[CaseKey]) -> dict[CaseKey, Case]:
    """Cases as they are, without a lock."""
    rows = await connection.execute(
        text(
            """
            SELECT c.* FROM cases c
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            """
        ),
        {"student_ids": [student_id for student_id, _ in keys], "terms": [term for _, term in keys]},
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
    await save_all(connection, [(before, after)], now)


async def save_all(connection: AsyncConnection, changes: Sequence[tuple[Case, Case]], now: datetime) -> None:
    """Writes what rules changed of cases, each as (before, after), in a few statements for all of them. A case comes once."""
    await _update_counts(connection, [after for before, after in changes if _count_of(before) != _count_of(after)])
    await letters.change_all(connection, [(after, before.waiting, after.waiting) for before, after in changes], now)
    await _put_crossings(
        connection,
        [(after, kept) for before, after in changes for kept in after.crossings if kept not in before.crossings],
        now,
    )


def _count_of(case: Case) -> tuple[object, ...]:
    return case.tier, case.absent_half_days, case.counted_at, case.absent_on, case.illness_half_days, case.standing


async def _update_counts(connection: AsyncConnection, cases: Sequence[Case]) -> None:
    if not cases:
        return
    await connection.execute(
        text(
            """
            UPDATE cases c SET tier = n.tier, absent_half_days = n.half_days, counted_at = n.counted_at,
                absent_on = CAST(n.absent_on AS jsonb), illness_half_days = n.illness, standing = n.standing
            FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:tiers AS text[]), CAST(:half_days AS int[]),
                CAST(:counted_ats AS timestamptz[]), CAST(:absent_ons AS text[]), CAST(:illnesses AS int[]), CAST(:standings AS int[])
            ) AS n(student_id, term, tier, half_days, counted_at, absent_on, illness, standing)
            WHERE c.student_id = n.student_id AND c.term = n.term
            """
        ),
        {
            "student_ids": [case.student_id for case in cases],
            "terms": [case.term for case in cases],
            "tiers": [case.tier for case in cases],
            "half_days": [case.absent_half_days for case in cases],
            "counted_ats": [case.counted_at for case in cases],
            "absent_ons": [_encoder.encode(case.absent_on).decode() for case in cases],
            "illnesses": [case.illness_half_days for case in cases],
            "standings": [case.standing for case in cases],
        },
    )


async def _put_crossings(connection: AsyncConnection, crossings: Sequence[tuple[Case, Kept]], now: datetime) -> None:
    if not crossings:
        return
    await connection.execute(
        text(
            """
            INSERT INTO crossings (student_id, term, threshold, sequence, event_id, state, letter_id, said_at, handled_at, retracted_at)
            SELECT n.*, :now, CASE WHEN n.state = 'retracted' THEN CAST(:now AS timestamptz) END FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:thresholds AS int[]), CAST(:sequences AS int[]),
                CAST(:event_ids AS text[]), CAST(:states AS text[]), CAST(:letter_ids AS uuid[]), CAST(:said_ats AS timestamptz[])
            ) AS n(student_id, term, threshold, sequence, event_id, state, letter_id, said_at)
            ON CONFLICT (student_id, term, threshold, sequence) DO UPDATE SET state = excluded.state, letter_id = excluded.letter_id,
                retracted_at = coalesce(crossings.retracted_at, excluded.retracted_at)
            """
        ),
        {
            "student_ids": [case.student_id for case, _ in crossings],
            "terms": [case.term for case, _ in crossings],
            "thresholds": [kept.threshold for _, kept in crossings],
            "sequences": [kept.sequence for _, kept in crossings],
            "event_ids": [kept.event_id for _, kept in crossings],
            "states": [kept.state for _, kept in crossings],
            "letter_ids": [kept.letter_id for _, kept in crossings],
            "said_ats": [kept.said_at or now for _, kept in crossings],
            "now": now,
        },
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
    waiting: dict[CaseKey, Waiting] = {}
    others: dict[CaseKey, list[Waiting]] = defaultdict(list)
    for row in await connection.execute(
        text(
            """
            SELECT l.* FROM letters l
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            WHERE l.state IN ('held', 'no-contact', 'on-hold', 'awaiting-release') ORDER BY l.created_at, l.id
            """
        ),
        keys,
    ):
        letter = letters.waiting_of(row)
        if letter.occasion is None:
            waiting[row.student_id, row.term] = letter
        else:
            others[row.student_id, row.term].append(letter)
    return {
        key: replace(case, crossings=tuple(crossings[key]), waiting=waiting.get(key), others=tuple(others[key]))
        for key, case in cases.items()
    }


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
