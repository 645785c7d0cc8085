"""SQL of a school's students as they were in a term: who was there, with the year level and the groups that they had.

For a term that runs, or comes, that is the roster as it is now. For a term that is over it is what stood on its last day, or on a student's
last day before it. Names are those of the roster: of a student who has left, none is kept.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attendance.calendar import SchoolCalendar, Term
from shared.clock import instant
from shared.events.data import StudentErased, StudentUpdated

PAST_ROLLS_KEPT_FOR: Final = timedelta(days=7 * 366)
"""As long as the registers that they go with."""

# A student with marks of the term was there, whenever the school has sent them first: the nearest that is known of them stands.
_PAST = """
    SELECT DISTINCT ON (p.student) p.student, p.student_id, s.given_name, s.family_name, p.year_level, p.groups,
        coalesce(s.caregivers, 1) AS caregivers, coalesce(s.addresses, 1) AS addresses
    FROM (
        SELECT student, student_id, year_level, groups, since, until FROM past_rolls WHERE school = :school
        UNION ALL
        SELECT student, student_id, year_level, groups, since, NULL FROM students WHERE school = :school
    ) p
    LEFT JOIN students s ON s.student_id = p.student_id
    LEFT JOIN enrolments e ON e.school = :school AND e.student = p.student
    LEFT JOIN register g ON g.school = :school AND g.term = :roll_term AND g.student = p.student
    WHERE g.student IS NOT NULL OR (
        coalesce(p.since < :roll_ends, true) AND coalesce(p.until > :roll_begins, true)
        AND (e.student IS NULL OR e.earlier <> '[]'
            OR coalesce(e.starts_on <= :roll_last, true) AND coalesce(e.leaves_on >= :roll_first, true))
    )
    ORDER BY p.student, coalesce(p.since < :roll_ends, true) DESC,
        CASE WHEN coalesce(p.since < :roll_ends, true) THEN coalesce(p.since, '-infinity') END DESC, p.since
"""
_NOW = """
    SELECT student, student_id, given_name, family_name, year_level, groups, caregivers, addresses
    FROM students WHERE school = :school
"""


@dataclass(frozen=True, slots=True)
class Roll:
    """A school's students in a term. As a subquery (`sql`, with `values`) it has their keys, ids, names, year levels and groups, and how
    many caregivers and addresses they have now: nothing is missing of a student who has left."""

    school: str
    term: str
    first: date
    last: date
    begins: datetime
    ends: datetime
    is_past: bool

    @classmethod
    def of(cls, school: str, term: Term, calendar: SchoolCalendar, now: datetime) -> "Roll":
        """The roll of a term; it is past once the term is over."""
        zone = ZoneInfo(calendar.timezone)
        begins, ends = instant(term.start, time(0), zone), instant(term.end + timedelta(days=1), time(0), zone)
        return cls(school, term.name, term.start, term.end, begins, ends, calendar.today(now) > term.end)

    @property
    def sql(self) -> str:
        """The students, one row each."""
        return f"({_PAST if self.is_past else _NOW})"

    @property
    def values(self) -> dict[str, object]:
        """The values of `sql`."""
        now: dict[str, object] = {"school": self.school}
        if not self.is_past:
            return now
        bounds = {"roll_first": self.first, "roll_last": self.last, "roll_begins": self.begins, "roll_ends": self.ends}
        return now | {"roll_term": self.term} | bounds


async def year_levels(connection: AsyncConnection, roll: Roll, students: Sequence[str]) -> dict[str, tuple[int | None, list[str]]]:
    """The year level and the groups that these students had in a term that is over."""
    rows = await connection.execute(
        text(f"SELECT student, year_level, groups FROM {roll.sql} r WHERE student = ANY(CAST(:students AS text[]))"),  # noqa: S608
        roll.values | {"students": list(students)},
    )
    return {row.student: (row.year_level, row.groups) for row in rows}


async def keep_what_changes(connection: AsyncConnection, students: Sequence[StudentUpdated]) -> None:
    """Keeps the year level and the groups of those of the students who will have others. Before the students themselves are kept."""
    await connection.execute(
        text(
            """
            INSERT INTO past_rolls (student_id, school, student, year_level, groups, since, until)
            SELECT s.student_id, s.school, s.student, s.year_level, s.groups, s.since, :updated_at
            FROM students s WHERE s.student_id = :student_id AND s.updated_at < :updated_at
                AND (s.year_level IS DISTINCT FROM :year_level OR s.groups <> CAST(:groups AS text[]))
            ON CONFLICT (student_id, until) DO NOTHING
            """
        ),
        [
            {
                "student_id": student.student_id,
                "year_level": student.year_level,
                "groups": student.groups,
                "updated_at": student.updated_at,
            }
            for student in students
        ],
    )


async def keep_who_leaves(connection: AsyncConnection, ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Keeps the year level and the groups of students who are taken off the roster, without their names."""
    await connection.execute(
        text(
            """
            INSERT INTO past_rolls (student_id, school, student, year_level, groups, since, until)
            SELECT student_id, school, student, year_level, groups, since, :now FROM students
            WHERE student_id = ANY(CAST(:ids AS uuid[]))
            ON CONFLICT (student_id, until) DO NOTHING
            """
        ),
        {"ids": sorted(ids), "now": now},
    )


async def erase(connection: AsyncConnection, erased: StudentErased) -> int:
    """Deletes the year levels and groups that a student had before the erasure; answers how many."""
    gone = await connection.execute(
        text("DELETE FROM past_rolls WHERE student_id = :student_id AND until <= :erased_at"),
        {"student_id": erased.student_id, "erased_at": erased.erased_at},
    )
    return gone.rowcount


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes what ended before a moment; answers how much."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM past_rolls WHERE (student_id, until) IN (
                SELECT student_id, until FROM past_rolls WHERE until < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
