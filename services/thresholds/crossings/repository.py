"""SQL of what crossings write: the STAR records that they open or withdraw, with the step in each record's history; and the versions of
standings."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.crossing import CrossingFact
from services.thresholds.crossings.standing import Standing, StandingKey


async def sequences(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many times each of these records has been opened by a crossing; those that never were are not in the answer."""
    rows = await connection.execute(text("SELECT id, sequence FROM star_records WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})
    return {row.id: row.sequence for row in rows}


async def statuses(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The status of each of these records that exists."""
    rows = await connection.execute(text("SELECT id, status FROM star_records WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})
    return {row.id: row.status for row in rows}


# What staff decided about a crossing goes with it when it is retracted or passed again; the history keeps it.
_APPLY = text(
    """
    WITH incoming AS (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:schools AS text[]), CAST(:students AS text[]), CAST(:student_ids AS uuid[]),
            CAST(:terms AS text[]), CAST(:thresholds AS smallint[]), CAST(:sequences AS int[]), CAST(:half_days AS smallint[]),
            CAST(:occurred_on AS date[]), CAST(:statuses AS text[]), CAST(:at AS timestamptz[])
        ) AS w(id, school, student, student_id, term, threshold, sequence, absent_half_days, occurred_on, status, at)
    ), before AS (
        SELECT r.* FROM star_records r JOIN incoming USING (id)
    ), written AS (
        INSERT INTO star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days,
            crossed_on, status, created_at, updated_at)
        SELECT id, school, student, student_id, term, threshold, 'crossing', sequence, absent_half_days,
            occurred_on, status, at, at
        FROM incoming ORDER BY id
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, status = excluded.status, updated_at = excluded.updated_at,
            absent_half_days = CASE WHEN excluded.status = 'open' THEN excluded.absent_half_days ELSE star_records.absent_half_days END,
            crossed_on = CASE WHEN excluded.status = 'open' THEN excluded.crossed_on ELSE star_records.crossed_on END,
            due_on = CASE WHEN excluded.status = 'open' THEN NULL ELSE star_records.due_on END,
            outcome = NULL
    )
    INSERT INTO record_history (record_id, at, action, changes)
    SELECT s.id, s.at, CASE s.status WHEN 'open' THEN 'crossed' ELSE 'retracted' END,
        jsonb_build_object('status', jsonb_build_array(b.status, s.status))
        || CASE WHEN b.outcome IS NULL THEN '{}' ELSE jsonb_build_object('outcome', jsonb_build_array(b.outcome, NULL)) END
        || CASE WHEN s.status = 'open' THEN jsonb_build_object(
            'absent_days', jsonb_build_array(b.absent_half_days / 2.0, s.absent_half_days / 2.0),
            'crossed_on', jsonb_build_array(b.crossed_on, s.occurred_on)
        ) ELSE '{}' END
        || CASE WHEN s.status = 'open' AND b.due_on IS NOT NULL
            THEN jsonb_build_object('due_on', jsonb_build_array(b.due_on, NULL)) ELSE '{}' END
    FROM incoming s LEFT JOIN before b USING (id) ORDER BY s.id
    """
)


async def apply(connection: AsyncConnection, facts: Sequence[CrossingFact], at: Mapping[str, datetime]) -> None:
    """Opens, reopens or withdraws the records of crossings, and notes it in their histories, at a moment of each school. No record may be
    in the list twice."""
    if not facts:
        return
    await connection.execute(
        _APPLY,
        {
            "ids": [fact.record_id for fact in facts],
            "schools": [fact.change.school for fact in facts],
            "students": [fact.change.student for fact in facts],
            "student_ids": [fact.change.student_id for fact in facts],
            "terms": [fact.change.term for fact in facts],
            "thresholds": [fact.threshold for fact in facts],
            "sequences": [fact.sequence for fact in facts],
            "half_days": [fact.change.absences.half_days for fact in facts],
            "occurred_on": [fact.occurred_on for fact in facts],
            "statuses": ["open" if fact.direction == "up" else "withdrawn" for fact in facts],
            "at": [at[fact.change.school] for fact in facts],
        },
    )


async def advance_standings(connection: AsyncConnection, standings: Sequence[Standing]) -> dict[StandingKey, int]:
    """Counts the standings that differ from what was said before; answers the new version of each of those."""
    if not standings:
        return {}
    ordered = sorted(standings, key=lambda standing: standing.key)
    written = await connection.execute(
        text(
            """
            INSERT INTO standings (student_id, term, version, digest)
            SELECT w.student_id, w.term, 1, w.digest
            FROM unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:digests AS bytea[])) AS w(student_id, term, digest)
            ON CONFLICT (student_id, term) DO UPDATE SET version = standings.version + 1, digest = excluded.digest
            WHERE standings.digest <> excluded.digest
            RETURNING student_id, term, version
            """
        ),
        {
            "student_ids": [standing.student_id for standing in ordered],
            "terms": [standing.term for standing in ordered],
            "digests": [standing.digest() for standing in ordered],
        },
    )
    return {(row.student_id, row.term): row.version for row in written}


async def standing_versions(connection: AsyncConnection, ids: Sequence[uuid.UUID], term: str) -> dict[uuid.UUID, int]:
    """The version of what was last said of each of these students' standings in a term; of whom nothing was said is not in the answer."""
    rows = await connection.execute(
        text("SELECT student_id, version FROM standings WHERE term = :term AND student_id = ANY(CAST(:ids AS uuid[]))"),
        {"term": term, "ids": list(ids)},
    )
    return {row.student_id: row.version for row in rows}
