"""SQL of the register: rows are read and written many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class RowKey(NamedTuple):
    """One student's line of one term."""

    school: str
    term: str
    student: str


class Row(NamedTuple):
    """The packed marks, and the total that was folded from them."""

    marks: bytes
    absent_half_days: int
    level: int


_LOAD = text(
    """
    SELECT r.school, r.term, r.student, r.marks, r.absent_half_days, r.level
    FROM unnest(CAST(:schools AS text[]), CAST(:terms AS text[]), CAST(:students AS text[])) AS w(school, term, student)
    JOIN register r USING (school, term, student)
    """
)
_SAVE = text(
    """
    INSERT INTO register (school, term, student, marks, absent_half_days, level)
    SELECT * FROM unnest(
        CAST(:schools AS text[]), CAST(:terms AS text[]), CAST(:students AS text[]),
        CAST(:marks AS bytea[]), CAST(:absent_half_days AS smallint[]), CAST(:levels AS smallint[])
    )
    ON CONFLICT (school, term, student) DO UPDATE
        SET marks = excluded.marks, absent_half_days = excluded.absent_half_days, level = excluded.level
    """
)


async def load(connection: AsyncConnection, keys: Iterable[RowKey]) -> dict[RowKey, Row]:
    """The rows that exist. The caller holds their schools' locks."""
    rows = await connection.execute(_LOAD, _columns(keys))
    return {RowKey(*row[:3]): Row(*row[3:]) for row in rows}


async def save(connection: AsyncConnection, rows: Mapping[RowKey, Row]) -> None:
    """Writes rows, in the order of their keys. The caller holds their schools' locks."""
    if not rows:
        return
    keys = sorted(rows)
    columns = {
        "marks": [rows[key].marks for key in keys],
        "absent_half_days": [rows[key].absent_half_days for key in keys],
        "levels": [rows[key].level for key in keys],
    }
    await connection.execute(_SAVE, _columns(keys) | columns)


async def of_terms(connection: AsyncConnection, school: str, terms: Sequence[str]) -> dict[RowKey, Row]:
    """All rows of a school's terms."""
    rows = await connection.execute(
        text(
            """
            SELECT school, term, student, marks, absent_half_days, level FROM register
            WHERE school = :school AND term = ANY(CAST(:terms AS text[]))
            """
        ),
        {"school": school, "terms": list(terms)},
    )
    return {RowKey(*row[:3]): Row(*row[3:]) for row in rows}


async def get(connection: AsyncConnection, key: RowKey) -> Row | None:
    """One row."""
    row = (
        await connection.execute(
            text(
                """
                SELECT marks, absent_half_days, level FROM register
                WHERE school = :school AND term = :term AND student = :student
                """
            ),
            key._asdict(),
        )
    ).one_or_none()
    return None if row is None else Row(*row)


def _columns(keys: Iterable[RowKey]) -> dict[str, object]:
    listed = list(keys)
    return {
        "schools": [key.school for key in listed],
        "terms": [key.term for key in listed],
        "students": [key.student for key in listed],
    }
