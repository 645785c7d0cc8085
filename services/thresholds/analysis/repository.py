"""SQL of what the analysis looks at: a school's roster, rows, crossings and responses. It only reads."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register import packed_row
from services.thresholds.roster.repository.rolls import Roll
from shared.attendance.tiers import Threshold

CUT: Final = 120 * packed_row.ENTRY
"""Bytes of a row that hold four weeks of a school with up to six periods a day."""

_WANTED: Final = """
    school = :school AND term = :term AND (CAST(:students AS text[]) IS NULL OR student = ANY(CAST(:students AS text[])))
"""


class RosterRow(NamedTuple):
    """A student that the school has sent; one who has left since the term has no name."""

    student: str
    given_name: str | None
    family_name: str | None
    year_level: int | None
    groups: list[str]


class CrossingRow(NamedTuple):
    """STAR records that crossings of one threshold opened on one day, and that were withdrawn on one day, or stand."""

    threshold: Threshold
    crossed_on: date
    withdrawn_on: date | None
    records: int


class ResponseRow(NamedTuple):
    """A response that stands, by its standard code."""

    student: str
    activity: str
    occurred_on: date


async def roster(connection: AsyncConnection, roll: Roll) -> list[RosterRow]:
    """The students of a school in a term, by key."""
    rows = await connection.execute(
        text(f"SELECT student, given_name, family_name, year_level, groups FROM {roll.sql} r ORDER BY student"),  # noqa: S608
        roll.values,
    )
    return [RosterRow(*row) for row in rows]


async def last_marks(connection: AsyncConnection, school: str, term: str, students: Sequence[str] | None, since: date) -> dict[str, bytes]:
    """At least the marks from a day on. A row is cut where a cut leaves them all; one in the form of the last release is left whole."""
    found = await connection.execute(
        text(
            f"""
            SELECT student, CASE
                WHEN length(newest_first) > :cut AND substr(newest_first, :cut - {packed_row.ENTRY - 1}, {packed_row.PLACE}) < :place
                THEN substr(newest_first, 1, :cut) ELSE coalesce(newest_first, marks) END AS marks
            FROM register WHERE {_WANTED}
            """  # noqa: S608
        ),
        {"school": school, "term": term, "students": _listed(students), "cut": CUT, "place": packed_row.first_place(since)},
    )
    return {row.student: packed_row.newest_first(row.marks) for row in found}


def _listed(students: Sequence[str] | None) -> list[str] | None:
    return None if students is None else list(students)


async def crossings(connection: AsyncConnection, roll: Roll, timezone: str, *, on_roll: bool) -> list[CrossingRow]:
    """The records that the term's crossings have opened, counted by threshold and dates at the school: of the students `on_roll`, or of
    all."""
    rows = await connection.execute(
        text(
            f"""
            SELECT threshold, crossed_on,
                CASE WHEN status = 'withdrawn' THEN CAST(updated_at AT TIME ZONE :timezone AS date) END AS withdrawn_on, count(*)
            FROM star_records WHERE school = :school AND term = :term AND origin = 'crossing'
                AND (NOT :on_roll OR student IN (SELECT student FROM {roll.sql} r))
            GROUP BY 1, 2, 3
            """  # noqa: S608
        ),
        roll.values | {"term": roll.term, "timezone": timezone, "on_roll": on_roll},
    )
    return [CrossingRow(*row) for row in rows]


async def responses(connection: AsyncConnection, school: str, terms: Sequence[str]) -> list[ResponseRow]:
    """The responses on records of these terms, in no order."""
    # As three lists: some thousand rows one by one would take longer than finding them.
    lists = await connection.execute(
        text(
            """
            SELECT coalesce(array_agg(s.student), '{}'), coalesce(array_agg(r.standard), '{}'), coalesce(array_agg(r.occurred_on), '{}')
            FROM star_records s JOIN responses r ON r.record_id = s.id
            WHERE s.school = :school AND s.term = ANY(CAST(:terms AS text[])) AND r.withdrawn_at IS NULL
            """
        ),
        {"school": school, "terms": list(terms)},
    )
    return [ResponseRow(*row) for row in zip(*lists.one(), strict=True)]
