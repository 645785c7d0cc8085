"""SQL of letting go of cases that have been kept as long as registers are, with all that hangs on them."""

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_DELIVERIES = "SELECT id FROM deliveries WHERE letter_id = ANY(CAST(:letters AS uuid[]))"


async def forget_cases_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` cases of terms from years before the moment's, with crossings, holds, letters, deliveries and the reports on
    them; answers how many.

    A case whose letters somebody has looked at since the moment stays until that is old, too: that record is kept for seven years.
    """
    cases = await _old(connection, moment, most)
    if not cases:
        return 0
    keys = {"students": [student for student, _ in cases], "terms": [term for _, term in cases]}
    of_cases = "(student_id, term) IN (SELECT * FROM unnest(CAST(:students AS uuid[]), CAST(:terms AS text[])))"
    rows = await connection.execute(text(f"SELECT id, work_id FROM letters WHERE {of_cases}"), keys)  # noqa: S608
    letters = rows.all()
    ids = {"letters": [letter.id for letter in letters]}
    for statement in (
        f"DELETE FROM letter_reads WHERE delivery_id IN ({_DELIVERIES})",  # noqa: S608
        f"DELETE FROM bounces WHERE delivery_id IN ({_DELIVERIES})",  # noqa: S608
        f"DELETE FROM bad_addresses WHERE delivery_id IN ({_DELIVERIES})",  # noqa: S608
        f"DELETE FROM work WHERE id IN ({_DELIVERIES})",  # noqa: S608
        "DELETE FROM work WHERE id IN (SELECT id FROM notices WHERE letter_id = ANY(CAST(:letters AS uuid[])))",
        "DELETE FROM notices WHERE letter_id = ANY(CAST(:letters AS uuid[]))",
        "DELETE FROM reply_links WHERE letter_id = ANY(CAST(:letters AS uuid[]))",
        "DELETE FROM replies WHERE letter_id = ANY(CAST(:letters AS uuid[]))",
        "DELETE FROM deliveries WHERE letter_id = ANY(CAST(:letters AS uuid[]))",
    ):
        await connection.execute(text(statement), ids)
    await connection.execute(
        text("DELETE FROM work WHERE id = ANY(CAST(:work AS uuid[]))"), {"work": [letter.work_id for letter in letters]}
    )
    for table in ("crossings", "letters", "letter_holds", "movements", "cases"):
        await connection.execute(text(f"DELETE FROM {table} WHERE {of_cases}"), keys)  # noqa: S608
    return len(cases)


async def forget_holds_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` holds of such terms, of students who never passed a threshold in them; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM letter_holds WHERE (student_id, term, threshold) IN (
                SELECT student_id, term, threshold FROM letter_holds h
                WHERE term < :term AND NOT EXISTS (SELECT FROM cases c WHERE c.student_id = h.student_id AND c.term = h.term)
                LIMIT :most FOR UPDATE OF h SKIP LOCKED
            )
            """
        ),
        {"term": _first_term(moment), "most": most},
    )
    return deleted.rowcount


async def forget_releases_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` decisions from before a moment about letters that are gone; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM releases WHERE id IN (
                SELECT id FROM releases r
                WHERE decided_at < :moment AND NOT EXISTS (SELECT FROM letters l WHERE l.school = r.school AND l.release_id = r.id)
                LIMIT :most FOR UPDATE OF r SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount


async def forget_days_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` counts of days from before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM letter_days WHERE (school, day) IN (
                SELECT school, day FROM letter_days WHERE day < CAST(:moment AS timestamptz)::date LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount


def _first_term(moment: datetime) -> str:
    """All terms whose names come before this one are from an earlier year than the moment."""
    return f"{moment.year}-T1"


async def _old(connection: AsyncConnection, moment: datetime, most: int) -> list[tuple[uuid.UUID, str]]:
    rows = await connection.execute(
        text(
            """
            SELECT student_id, term FROM cases c
            WHERE term < :term AND NOT EXISTS (
                SELECT FROM letters l JOIN deliveries d ON d.letter_id = l.id JOIN letter_reads r ON r.delivery_id = d.id
                WHERE l.student_id = c.student_id AND l.term = c.term AND r.read_at >= :moment
            )
            ORDER BY term LIMIT :most FOR UPDATE OF c SKIP LOCKED
            """
        ),
        {"term": _first_term(moment), "moment": moment, "most": most},
    )
    return [(row.student_id, row.term) for row in rows]
