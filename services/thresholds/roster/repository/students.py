"""SQL of the students' names, and of the lists by tier."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.addresses import usable_address
from shared.auth.principal import Part
from shared.correspondents import judgement_of
from shared.events.data import Caregiver, StudentUpdated
from shared.names import full_name

Sort = Literal["name", "-absent_days", "absent_days", "student"]


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


# The students of a school are those it has sent, and those it has sent marks of: nobody with a mark is left out.
_LIST = """
    WITH everybody AS (
        SELECT coalesce(s.student, r.student) AS student, s.student_id, s.given_name, s.family_name, s.year_level,
            coalesce(s.groups, '{{}}') AS groups, coalesce(r.absent_half_days, 0) AS absent_half_days, coalesce(r.level, 0) AS level,
            {order_key} AS order_key
        FROM (SELECT * FROM students WHERE school = :school) s
        FULL JOIN (SELECT student, absent_half_days, level FROM register WHERE school = :school AND term = :term) r USING (student)
    )
    SELECT * FROM everybody
    WHERE (CAST(:level AS int) IS NULL OR level = :level)
        AND (CAST(:year_level AS int) IS NULL OR year_level = :year_level)
        AND (CAST(:group AS text) IS NULL OR :group = ANY(groups))
        AND (CAST(:after_key AS text) IS NULL
             OR (order_key, student) > (CAST(:after_key AS text) COLLATE "C", CAST(:after_student AS text)))
        AND {in_part}
    ORDER BY order_key, student LIMIT :limit
"""
_ORDER_KEYS: Mapping[Sort, str] = {
    "name": "lower(coalesce(ltrim(s.family_name || ' ' || s.given_name), '~')) COLLATE \"C\"",
    "student": "''::text COLLATE \"C\"",
    "absent_days": "lpad(coalesce(r.absent_half_days, 0)::text, 5, '0') COLLATE \"C\"",
    "-absent_days": "lpad((99999 - coalesce(r.absent_half_days, 0))::text, 5, '0') COLLATE \"C\"",
}


def in_part(part: Part, table: str) -> tuple[str, dict[str, object]]:
    """The SQL condition under which a row of that table (or alias) is a student of the part, and its values.

    A student whose year level and groups are not known is in no part.
    """
    condition = f"""
        coalesce({table}.year_level = ANY(CAST(:part_year_levels AS int[])) OR {table}.groups && CAST(:part_groups AS text[]), false)
    """
    return condition, {"part_year_levels": sorted(part.year_levels), "part_groups": sorted(part.groups)}


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
                caregivers, addresses, updated_at)
            VALUES (:student_id, :school, :student, :given_name, :family_name, :year_level, :groups, :caregivers, :addresses, :updated_at)
            ON CONFLICT (student_id) DO UPDATE SET given_name = excluded.given_name, family_name = excluded.family_name,
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


async def of_part(connection: AsyncConnection, school: str, part: Part) -> list[uuid.UUID]:
    """The ids of the school's students in a part of it."""
    condition, values = in_part(part, "students")
    rows = await connection.execute(
        text(f"SELECT student_id FROM students WHERE school = :school AND {condition}"),  # noqa: S608
        {"school": school, **values},
    )
    return [row.student_id for row in rows]


async def page(
    connection: AsyncConnection,
    *,
    school: str,
    term: str,
    level: int | None,
    year_level: int | None,
    group: str | None,
    sort: Sort,
    after: tuple[str, str] | None,
    limit: int,
    part: Part | None = None,
) -> list[RowMapping]:
    """Students of a school, or of a part of it, with their totals of a term; `after` is the (order_key, student) of the last one seen."""
    condition, values = in_part(part, "everybody") if part else ("true", {})
    rows = await connection.execute(
        text(_LIST.format(order_key=_ORDER_KEYS[sort], in_part=condition)),
        {
            **values,
            "school": school,
            "term": term,
            "level": level,
            "year_level": year_level,
            "group": group,
            "after_key": after[0] if after else None,
            "after_student": after[1] if after else None,
            "limit": limit,
        },
    )
    return list(rows.mappings())
