"""SQL of the students' names, year levels and groups."""

import uuid
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.addresses import usable_address
from shared.auth.principal import Part
from shared.correspondents import judgement_of
from shared.events.data import Caregiver, StudentErased, StudentUpdated
from shared.names import full_name

MOST_WORDS: Final = 8
"""Words of a search that are looked at: more than any name has."""


class RosterStudent(NamedTuple):
    """A student as the school has sent them."""

    given_name: str
    family_name: str
    year_level: int | None
    groups: list[str]

    @property
    def name(self) -> str:
        """Given and family name."""
        return full_name(self.given_name, self.family_name)


def in_part(part: Part, table: str) -> tuple[str, dict[str, object]]:
    """The SQL condition under which a row of that table (or alias) is a student of the part, and its values.

    A student whose year level and groups are not known is in no part.
    """
    condition = f"""
        coalesce({table}.year_level = ANY(CAST(:part_year_levels AS int[])) OR {table}.groups && CAST(:part_groups AS text[]), false)
    """
    return condition, {"part_year_levels": sorted(part.year_levels), "part_groups": sorted(part.groups)}


def matching(words: Sequence[str], year_level: int | None, group: str | None) -> tuple[list[str], dict[str, object]]:
    """The SQL conditions under which a row of `students s`, or with its columns, is of a year level and a group, and its name has all the
    words in it, accents and macrons ignored, or its number begins with them; and the values. None asks for no particular one."""
    conditions, values = list[str](), dict[str, object]()
    if year_level is not None:
        conditions.append("year_level = :year_level")
        values["year_level"] = year_level
    if group is not None:
        conditions.append(":group = ANY(groups)")
        values["group"] = group
    for number, word in enumerate(words[:MOST_WORDS]):
        name = f"word_{number}"
        conditions.append(f"(strpos(folded(given_name || ' ' || family_name), folded(:{name})) > 0 OR starts_with(student, :{name}))")
        values[name] = word
    return conditions, values


def may_be_written_to(caregiver: Caregiver) -> bool:
    """Whether a letter can try to reach the caregiver, if the school decides so where it has to. The address stays with the notifier."""
    may_be = judgement_of(caregiver) in ("harmless", "undecided")
    return caregiver.notify and may_be and usable_address(caregiver.email) is not None


async def put(connection: AsyncConnection, students: Sequence[StudentUpdated]) -> None:
    """Keeps students, unless what is there is newer. No student may be in the list twice."""
    await connection.execute(
        text(
            """
            INSERT INTO students (student_id, school, student, given_name, family_name, year_level, groups,
                caregivers, addresses, updated_at, since)
            VALUES (:student_id, :school, :student, :given_name, :family_name, :year_level, :groups, :caregivers, :addresses, :updated_at,
                :updated_at)
            ON CONFLICT (student_id) DO UPDATE SET
                since = CASE WHEN students.year_level IS DISTINCT FROM excluded.year_level OR students.groups <> excluded.groups
                    THEN excluded.since ELSE students.since END,
                given_name = excluded.given_name, family_name = excluded.family_name,
                year_level = excluded.year_level, groups = excluded.groups, caregivers = excluded.caregivers,
                addresses = excluded.addresses, updated_at = excluded.updated_at
            WHERE students.updated_at < excluded.updated_at
            """
        ),
        [
            {
                "student_id": student.student_id,
                "school": student.school,
                "student": student.student,
                "given_name": student.given_name,
                "family_name": student.family_name,
                "year_level": student.year_level,
                "groups": student.groups,
                "caregivers": len(student.caregivers),
                "addresses": sum(map(may_be_written_to, student.caregivers)),
                "updated_at": student.updated_at,
            }
            for student in sorted(students, key=lambda student: student.student_id)
        ],
    )


async def erase(connection: AsyncConnection, erased: StudentErased) -> int:
    """Deletes a student, unless they were sent again after the erasure; answers how many."""
    gone = await connection.execute(
        text("DELETE FROM students WHERE student_id = :student_id AND updated_at <= :erased_at"),
        {"student_id": erased.student_id, "erased_at": erased.erased_at},
    )
    return gone.rowcount


async def remove(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    """Forgets students' names; the register keeps its rows."""
    await connection.execute(text("DELETE FROM students WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": sorted(ids)})


async def get(connection: AsyncConnection, student_id: uuid.UUID) -> RosterStudent | None:
    """One student."""
    rows = await connection.execute(
        text("SELECT given_name, family_name, year_level, groups FROM students WHERE student_id = :id"), {"id": student_id}
    )
    row = rows.one_or_none()
    return None if row is None else RosterStudent(*row)


async def of_ids(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, RosterStudent]:
    """These students, by id; those whom the school has not sent, or has removed, are not in the answer."""
    if not ids:
        return {}
    rows = await connection.execute(
        text("SELECT student_id, given_name, family_name, year_level, groups FROM students WHERE student_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": sorted(set(ids))},
    )
    return {row.student_id: RosterStudent(*row[1:]) for row in rows}


async def reachable(connection: AsyncConnection, school: str, students: Collection[str]) -> set[str]:
    """Those of the students of whom a caregiver may be written to."""
    rows = await connection.execute(
        text("SELECT student FROM students WHERE school = :school AND student = ANY(CAST(:students AS text[])) AND addresses > 0"),
        {"school": school, "students": sorted(set(students))},
    )
    return {row.student for row in rows}


async def keys_of_part(connection: AsyncConnection, school: str, part: Part) -> list[str]:
    """The keys of the school's students in a part of it."""
    condition, values = in_part(part, "students")
    rows = await connection.execute(
        text(f"SELECT student FROM students WHERE school = :school AND {condition}"),  # noqa: S608
        {"school": school, **values},
    )
    return [row.student for row in rows]


async def of_part(connection: AsyncConnection, school: str, part: Part) -> list[uuid.UUID]:
    """The ids of the school's students in a part of it."""
    condition, values = in_part(part, "students")
    rows = await connection.execute(
        text(f"SELECT student_id FROM students WHERE school = :school AND {condition}"),  # noqa: S608
        {"school": school, **values},
    )
    return [row.student_id for row in rows]


async def groups_of(connection: AsyncConnection, school: str, part: Part | None) -> dict[str, list[str]]:
    """The groups of each of the school's students, or of those in a part of it."""
    condition, values = in_part(part, "students") if part is not None else ("true", dict[str, object]())
    rows = await connection.execute(
        text(f"SELECT student, groups FROM students WHERE school = :school AND {condition} ORDER BY student"),  # noqa: S608
        {"school": school, **values},
    )
    return {row.student: row.groups for row in rows}
