"""SQL of the register: rows are read and written many at a time."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register import packed_row
from shared.db.arrays import joined
from shared.db.finishing import is_finished


class RowKey(NamedTuple):
    """One student's line of one term."""

    school: str
    term: str
    student: str


class Row(NamedTuple):
    """The packed marks, the latest place first, and the total and the days (see `kept_days`) that were read from them; None where no days
    are kept."""

    marks: bytes
    absent_half_days: int
    level: int
    days: bytes | None = None


NEWEST_FIRST: Final = "newest-first"
"""The step from which on rows are written with the latest place first (see `shared.db.finishing`)."""

MARKS: Final = "coalesce(newest_first, marks) AS marks"
"""The column of the packed marks in either form, to be read through `packed_row.newest_first`."""

COLUMNS: Final = f"school, term, student, {MARKS}, absent_half_days, level, CASE WHEN days_kept THEN days END AS days"
"""The columns that `keyed` reads."""

_KEYS: Final = r"string_to_array(:schools, E'\n'), string_to_array(:terms, E'\n'), string_to_array(:students, E'\n')"

_LOAD = text(
    f"""
    SELECT {COLUMNS}
    FROM unnest({_KEYS}) AS w(school, term, student)
    JOIN register USING (school, term, student)
    """  # noqa: S608
)


_SAVED: Final = f"""
    unnest(
        {_KEYS}, CAST(:absent_half_days AS smallint[]), CAST(:levels AS smallint[]), CAST(:days AS bytea[]), CAST(:packed AS bytea[])
    ) AS w (school, term, student, absent_half_days, level, days, packed)
"""
_UPDATE: Final = text(
    f"""
    UPDATE register r SET absent_half_days = w.absent_half_days, level = w.level, days = w.days, days_kept = w.days IS NOT NULL,
        newest_first = w.packed, marks = NULL
    FROM {_SAVED} WHERE r.school = w.school AND r.term = w.term AND r.student = w.student
    """  # noqa: S608
)
_UPSERT: Final = text(
    f"""
    INSERT INTO register (school, term, student, absent_half_days, level, days, days_kept, newest_first)
    SELECT school, term, student, absent_half_days, level, days, days IS NOT NULL, packed FROM {_SAVED}
    ON CONFLICT (school, term, student) DO UPDATE SET
        absent_half_days = excluded.absent_half_days, level = excluded.level, days = excluded.days, days_kept = excluded.days_kept,
        newest_first = excluded.newest_first, marks = NULL
    """  # noqa: S608
)
# Beside the last release's workers, which know nothing of days, none are kept.
_UPSERT_AS_THE_LAST_RELEASE: Final = text(
    f"""
    INSERT INTO register (school, term, student, absent_half_days, level, marks)
    SELECT school, term, student, absent_half_days, level, packed FROM {_SAVED}
    ON CONFLICT (school, term, student) DO UPDATE SET
        absent_half_days = excluded.absent_half_days, level = excluded.level, marks = excluded.marks,
        newest_first = NULL, days = NULL, days_kept = false
    """  # noqa: S608
)


def keyed(found: Iterable[Any]) -> dict[RowKey, Row]:
    """Rows of `COLUMNS`, by their keys."""
    return {RowKey(*row[:3]): Row(packed_row.newest_first(row[3]), *row[4:]) for row in found}


async def load(connection: AsyncConnection, keys: Collection[RowKey]) -> dict[RowKey, Row]:
    """The rows that exist. The caller holds their schools' locks."""
    return keyed(await connection.execute(_LOAD, _columns(keys)))


async def save(connection: AsyncConnection, rows: Mapping[RowKey, Row], there: Collection[RowKey]) -> None:
    """Writes rows, in the order of their keys. `there` are those that exist: a plain update logs half of what an upsert does. The caller
    holds the schools' locks."""
    if not rows:
        return
    if not await is_finished(connection, NEWEST_FIRST):
        await connection.execute(_UPSERT_AS_THE_LAST_RELEASE, _saved(rows, sorted(rows), packed_row.turned))
        return
    old = sorted(key for key in rows if key in there)
    updated = (await connection.execute(_UPDATE, _saved(rows, old))).rowcount if old else 0
    # Rows may have been removed by somebody without the lock.
    new = sorted(rows.keys() - set(old) if updated == len(old) else rows)
    if new:
        await connection.execute(_UPSERT, _saved(rows, new))


async def of_terms(connection: AsyncConnection, school: str, terms: Sequence[str]) -> dict[RowKey, Row]:
    """All rows of a school's terms."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {COLUMNS} FROM register
            WHERE school = :school AND term = ANY(CAST(:terms AS text[]))
            """  # noqa: S608
        ),
        {"school": school, "terms": list(terms)},
    )
    return keyed(rows)


async def marks(connection: AsyncConnection, school: str, term: str, students: Sequence[str] | None) -> dict[str, bytes]:
    """The packed marks of a school's term: of these students, or for None of all. Those without a row are not in the answer."""
    found = await connection.execute(
        text(
            f"""
            SELECT student, {MARKS} FROM register WHERE school = :school AND term = :term
                AND (CAST(:students AS text[]) IS NULL OR student = ANY(CAST(:students AS text[])))
            """  # noqa: S608
        ),
        {"school": school, "term": term, "students": None if students is None else list(students)},
    )
    return {row.student: packed_row.newest_first(row.marks) for row in found}


async def of_students(connection: AsyncConnection, school: str, students: Iterable[str]) -> dict[RowKey, Row]:
    """All rows of some students, of every term."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {COLUMNS} FROM register
            WHERE school = :school AND student = ANY(CAST(:students AS text[]))
            """  # noqa: S608
        ),
        {"school": school, "students": sorted(students)},
    )
    return keyed(rows)


async def remove(connection: AsyncConnection, keys: Collection[RowKey]) -> None:
    """Deletes rows that have no marks of their own any more. The caller holds their schools' locks."""
    await connection.execute(
        text(
            f"""
            DELETE FROM register r
            USING unnest({_KEYS}) AS w(school, term, student)
            WHERE r.school = w.school AND r.term = w.term AND r.student = w.student
            """  # noqa: S608
        ),
        _columns(keys),
    )


async def get(connection: AsyncConnection, key: RowKey) -> Row | None:
    """One row."""
    found = await connection.execute(
        text(
            f"""
            SELECT {COLUMNS} FROM register
            WHERE school = :school AND term = :term AND student = :student
            """  # noqa: S608
        ),
        key._asdict(),
    )
    return keyed(found).get(key)


async def without_days(connection: AsyncConnection, after: RowKey | None, most: int) -> list[RowKey]:
    """Up to so many rows of one school, by key, whose days are not kept; behind `after`, where there is such a key."""
    found = await connection.execute(
        text(
            """
            WITH first AS (
                SELECT school FROM register WHERE NOT days_kept AND (school, term, student) > (:school, :term, :student)
                ORDER BY school, term, student LIMIT 1
            )
            SELECT school, term, student FROM register
            WHERE NOT days_kept AND school = (SELECT school FROM first) AND (school, term, student) > (:school, :term, :student)
            ORDER BY school, term, student LIMIT :most
            """
        ),
        (after or RowKey("", "", ""))._asdict() | {"most": most},
    )
    return [RowKey(*row) for row in found]


async def marks_without_days(connection: AsyncConnection, school: str, term: str) -> dict[str, bytes]:
    """The packed marks of the rows of a school's term whose days are not kept: none, but for a while after an update."""
    found = await connection.execute(
        text(f"SELECT student, {MARKS} FROM register WHERE school = :school AND term = :term AND NOT days_kept"),  # noqa: S608
        {"school": school, "term": term},
    )
    return {row.student: packed_row.newest_first(row.marks) for row in found}


async def days(connection: AsyncConnection, school: str, term: str, students: Sequence[str] | None) -> dict[str, bytes]:
    """The kept days of a school's term: of these students, or for None of all. Those of whom none are kept are not in the answer."""
    only = "" if students is None else "AND student = ANY(CAST(:students AS text[]))"
    found = await connection.execute(
        text(
            f"""
            SELECT coalesce(array_agg(student), '{{}}'), coalesce(array_agg(days), '{{}}') FROM register
            WHERE school = :school AND term = :term AND days_kept {only}
            """  # noqa: S608
        ),
        {"school": school, "term": term} | ({} if students is None else {"students": list(students)}),
    )
    return dict(zip(*found.one(), strict=True))


async def unexplained(
    connection: AsyncConnection, school: str, term: str, students: Sequence[str] | None, at: int, size: int
) -> dict[str, bytes]:
    """`size` bytes of the kept days, from `at` on: the bits of the days on which a `?` stands. Students without any are left out."""
    only = "" if students is None else "AND student = ANY(CAST(:students AS text[]))"
    found = await connection.execute(
        text(
            f"""
            SELECT student, substr(days, :at, :size) AS bits FROM register
            WHERE school = :school AND term = :term AND days_kept AND bit_count(substr(days, :at, :size)) > 0 {only}
            """  # noqa: S608
        ),
        {"school": school, "term": term, "at": at + 1, "size": size} | ({} if students is None else {"students": list(students)}),
    )
    return {row.student: row.bits for row in found}


async def count_of_student(connection: AsyncConnection, school: str, student: str) -> int:
    """How many terms of a student there are."""
    counted = await connection.execute(
        text("SELECT count(*) FROM register WHERE school = :school AND student = :student"), {"school": school, "student": student}
    )
    return int(counted.scalar_one())


def _saved(rows: Mapping[RowKey, Row], keys: Sequence[RowKey], form: Callable[[bytes], bytes] = bytes) -> dict[str, object]:
    return _columns(keys) | {
        "packed": [form(rows[key].marks) for key in keys],
        "absent_half_days": [rows[key].absent_half_days for key in keys],
        "levels": [rows[key].level for key in keys],
        "days": [rows[key].days for key in keys],
    }


def _columns(keys: Collection[RowKey]) -> dict[str, object]:
    schools, terms, students = zip(*keys, strict=True) if keys else ((), (), ())
    return {"schools": joined(schools), "terms": joined(terms), "students": joined(students)}
