"""SQL of keys that are not simply one child's, and of the marks that came under each key of a child with several."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register import packed_row
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.identities import Identities, Key
from shared.key_holders.repository import FIRST, Holder


async def of_schools(connection: AsyncConnection, schools: Collection[str]) -> Identities:
    """The keys of some schools that are not simply one child's: as a rule, none."""
    rows = await connection.execute(
        text(
            """
            SELECT school, key, student, since FROM key_holders WHERE school = ANY(CAST(:schools AS text[]))
            UNION ALL
            SELECT school, student, into_student, NULL FROM merged_keys WHERE school = ANY(CAST(:schools AS text[]))
            """
        ),
        {"schools": sorted(schools)},
    )
    holders: dict[Key, list[tuple[datetime, str]]] = {}
    merged: dict[Key, str] = {}
    for school, key, student, since in rows:
        if since is None:
            merged[school, key] = student
        else:
            holders.setdefault((school, key), []).append((since, student))
    return Identities({key: tuple(sorted(listed, reverse=True)) for key, listed in holders.items()}, merged)


async def add_holders(connection: AsyncConnection, holders: Iterable[Holder]) -> list[Holder]:
    """Notes to whom keys were given; answers those that are new."""
    new = []
    for holder in sorted(set(holders)):
        added = await connection.execute(
            text(
                """
                INSERT INTO key_holders (school, key, student, since) VALUES (:school, :key, :student, :since)
                ON CONFLICT DO NOTHING
                """
            ),
            holder._asdict(),
        )
        if added.rowcount:
            new.append(holder)
    return new


async def named(connection: AsyncConnection, school: str, name: str) -> str:
    """The student whom people mean by a key: the child who has it now, or as whom that child is counted. With `~1`, the first child."""
    first = name.removesuffix(FIRST)
    row = (
        await connection.execute(
            text(
                """
                WITH meant AS (
                    SELECT coalesce(
                        (SELECT student FROM key_holders WHERE school = :school AND key = :name ORDER BY since DESC LIMIT 1),
                        (SELECT key FROM key_holders WHERE school = :school AND key = :first AND :first <> :name LIMIT 1),
                        :name
                    ) AS student
                )
                SELECT coalesce(m.into_student, meant.student) FROM meant
                LEFT JOIN merged_keys m ON m.school = :school AND m.student = meant.student
                """
            ),
            {"school": school, "name": name, "first": first},
        )
    ).one()
    return str(row[0])


async def merged_into(connection: AsyncConnection, students: Iterable[Key]) -> dict[Key, set[str]]:
    """The students who are counted as these."""
    listed = sorted(set(students))
    rows = await connection.execute(
        text(
            """
            SELECT m.school, m.into_student, m.student FROM merged_keys m
            JOIN unnest(CAST(:schools AS text[]), CAST(:students AS text[])) AS w(school, student)
                ON m.school = w.school AND m.into_student = w.student
            """
        ),
        {"schools": [school for school, _ in listed], "students": [student for _, student in listed]},
    )
    found: dict[Key, set[str]] = {}
    for school, into, student in rows:
        found.setdefault((school, into), set()).add(student)
    return found


async def merge(connection: AsyncConnection, school: str, student: str, into: str) -> None:
    """Counts a student as another one."""
    await connection.execute(
        text(
            """
            INSERT INTO merged_keys (school, student, into_student) VALUES (:school, :student, :into)
            ON CONFLICT (school, student) DO UPDATE SET into_student = excluded.into_student
            """
        ),
        {"school": school, "student": student, "into": into},
    )


async def part(connection: AsyncConnection, school: str, student: str) -> None:
    """Counts a student alone again."""
    await connection.execute(
        text("DELETE FROM merged_keys WHERE school = :school AND student = :student"), {"school": school, "student": student}
    )


async def own_marks(connection: AsyncConnection, school: str, students: Collection[str]) -> dict[RowKey, bytes]:
    """The marks that came under each of these keys, of children who have several."""
    rows = await connection.execute(
        text("SELECT school, term, student, marks FROM key_marks WHERE school = :school AND student = ANY(CAST(:students AS text[]))"),
        {"school": school, "students": sorted(students)},
    )
    return {RowKey(row.school, row.term, row.student): packed_row.newest_first(row.marks) for row in rows}


async def keep_own_marks(connection: AsyncConnection, marks: Mapping[RowKey, bytes]) -> None:
    """Keeps the marks that came under keys."""
    if marks:
        await connection.execute(
            text(
                """
                INSERT INTO key_marks (school, term, student, marks) VALUES (:school, :term, :student, :marks)
                ON CONFLICT (school, student, term) DO UPDATE SET marks = excluded.marks
                """
            ),
            [{**key._asdict(), "marks": marks[key]} for key in sorted(marks)],
        )


async def forget_own_marks(connection: AsyncConnection, school: str, student: str) -> None:
    """Forgets the marks of a key whose child has it alone again: they are in the register."""
    await connection.execute(
        text("DELETE FROM key_marks WHERE school = :school AND student = :student"), {"school": school, "student": student}
    )


async def ask_regrouping(connection: AsyncConnection, item: uuid.UUID, school: str, student: str, others: Sequence[str]) -> None:
    """Notes which students are to be counted as one, in place of what was asked for that one before."""
    await connection.execute(
        text(
            """
            INSERT INTO regroupings (school, student, item, others) VALUES (:school, :student, :item, :others)
            ON CONFLICT (school, student) DO UPDATE SET item = excluded.item, others = excluded.others
            """
        ),
        {"school": school, "student": student, "item": item, "others": list(others)},
    )


async def regrouping(connection: AsyncConnection, item: uuid.UUID) -> tuple[Key, set[str]] | None:
    """The student, and those who are to be counted as that one; None when something else has been asked for since."""
    row = (
        await connection.execute(text("SELECT school, student, others FROM regroupings WHERE item = :item FOR UPDATE"), {"item": item})
    ).one_or_none()
    return None if row is None else ((row.school, row.student), set(row.others))


async def forget_regrouping(connection: AsyncConnection, item: uuid.UUID) -> None:
    """Forgets what has been made."""
    await connection.execute(text("DELETE FROM regroupings WHERE item = :item"), {"item": item})
