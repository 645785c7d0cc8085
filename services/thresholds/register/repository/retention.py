"""SQL of letting go of registers that have been kept as long as the law asks.

A term counts as over with its year: `before_term` is the first term of the year that the moment lies in.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


def before_term(moment: datetime) -> str:
    """All terms whose names come before this one are from an earlier year than the moment. Pure."""
    return f"{moment.year}-T1"


async def forget_rows_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` rows of terms from years before the moment's; answers how many."""
    return await _forget(connection, "register", "school, term, student", moment, most)


async def forget_corrections_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` corrections of such terms; answers how many."""
    return await _forget(connection, "corrections", "school, term, student, place, recorded_at, received_at, became", moment, most)


async def forget_key_marks_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` rows of such terms of single keys of a child with several; answers how many."""
    return await _forget(connection, "key_marks", "school, term, student", moment, most)


async def forget_enrolments_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` dates of students whom no roster has had since the moment and of whom no row is left; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM enrolments WHERE (school, student) IN (
                SELECT e.school, e.student FROM enrolments e
                WHERE e.updated_at < :moment
                    AND NOT EXISTS (SELECT FROM students s WHERE s.school = e.school AND s.student = e.student)
                    AND NOT EXISTS (SELECT FROM register r WHERE r.school = e.school AND r.student = e.student AND r.term >= :term)
                LIMIT :most FOR UPDATE OF e SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "term": before_term(moment), "most": most},
    )
    return deleted.rowcount


async def _forget(connection: AsyncConnection, table: str, key: str, moment: datetime, most: int) -> int:
    # School by school, as the keys begin with it: nobody reads the whole register to find that nothing is old.
    deleted = await connection.execute(
        text(
            f"""
            DELETE FROM {table} WHERE ({key}) IN (
                SELECT {key} FROM (SELECT school AS number FROM schools) s CROSS JOIN LATERAL (
                    SELECT {key} FROM {table} WHERE school = s.number AND term < :term
                    ORDER BY term LIMIT :most FOR UPDATE SKIP LOCKED
                ) old LIMIT :most
            )
            """  # noqa: S608
        ),
        {"term": before_term(moment), "most": most},
    )
    return deleted.rowcount
