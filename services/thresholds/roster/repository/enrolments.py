"""SQL of the students' dates on the roll and the sessions that they attend."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.attendance.enrolment import Enrolment, Stay
from shared.attendance.timetable import Session
from shared.db.arrays import joined


class StudentKey(NamedTuple):
    """A student of a school."""

    school: str
    student: str


class StoredEnrolment(NamedTuple):
    """An enrolment, and the time of the event that it comes from."""

    enrolment: Enrolment
    updated_at: datetime


_COLUMNS = "school, student, starts_on, leaves_on, CAST(earlier AS text) AS earlier, CAST(attends AS text) AS attends, updated_at"
_stays = msgspec.json.Decoder(tuple[Stay, ...])
_week = msgspec.json.Decoder(tuple[tuple[Session, ...], ...])


class NamesStudent(Protocol):
    """Anything that names a student of a school."""

    @property
    def school(self) -> str: ...

    @property
    def student(self) -> str: ...


async def stored(
    connection: AsyncConnection, keys: Iterable[NamesStudent], *, but_throughout: tuple[date, date] | None = None
) -> dict[StudentKey, StoredEnrolment]:
    """The enrolments of some students; those of whom no date and no session was ever sent have none. With `but_throughout`, those are left
    out who are on the roll from the one day to the other, and attend all sessions."""
    wanted = list(keys)
    first, last = but_throughout or (None, None)
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM unnest(string_to_array(:schools, E'\\n'), string_to_array(:students, E'\\n')) AS w(school, student)
            JOIN enrolments USING (school, student)
            WHERE CAST(:first AS date) IS NULL OR attends IS NOT NULL
                OR coalesce(starts_on > CAST(:first AS date), false) OR coalesce(leaves_on < CAST(:last AS date), false)
            """  # noqa: S608
        ),
        {
            "schools": joined([key.school for key in wanted]),
            "students": joined([key.student for key in wanted]),
            "first": first,
            "last": last,
        },
    )
    return {
        StudentKey(row.school, row.student): StoredEnrolment(
            Enrolment(
                row.starts_on, row.leaves_on, _stays.decode(row.earlier), _week.decode(row.attends) if row.attends is not None else None
            ),
            row.updated_at,
        )
        for row in rows
    }


async def of_students(connection: AsyncConnection, school: str, students: Iterable[str]) -> dict[str, Enrolment]:
    """The enrolments of some students of a school."""
    found = await stored(connection, [StudentKey(school, student) for student in students])
    return {key.student: entry.enrolment for key, entry in found.items()}


async def get(connection: AsyncConnection, school: str, student: str) -> Enrolment | None:
    """The enrolment of one student; None where nothing was sent."""
    return (await of_students(connection, school, [student])).get(student)


async def put(connection: AsyncConnection, enrolments: Mapping[StudentKey, StoredEnrolment]) -> None:
    """Keeps enrolments. The caller holds the schools' locks, and has looked at what is stored."""
    if not enrolments:
        return
    await connection.execute(
        text(
            """
            INSERT INTO enrolments (school, student, starts_on, leaves_on, earlier, attends, updated_at)
            VALUES (:school, :student, :starts_on, :leaves_on, CAST(:earlier AS jsonb), CAST(:attends AS jsonb), :updated_at)
            ON CONFLICT (school, student) DO UPDATE SET starts_on = excluded.starts_on, leaves_on = excluded.leaves_on,
                earlier = excluded.earlier, attends = excluded.attends, updated_at = excluded.updated_at
            """
        ),
        [
            {
                "school": key.school,
                "student": key.student,
                "starts_on": enrolment.starts_on,
                "leaves_on": enrolment.leaves_on,
                "earlier": msgspec.json.encode(enrolment.earlier).decode(),
                "attends": None if enrolment.attends is None else msgspec.json.encode(enrolment.attends).decode(),
                "updated_at": updated_at,
            }
            for key, (enrolment, updated_at) in sorted(enrolments.items())
        ],
    )


async def of_removed(connection: AsyncConnection, ids: Iterable[object]) -> dict[StudentKey, datetime]:
    """The students with these ids who are on the roster, and the times of the events that they come from."""
    rows = await connection.execute(
        text("SELECT school, student, updated_at FROM students WHERE student_id = ANY(CAST(:ids AS uuid[])) ORDER BY school, student"),
        {"ids": sorted(map(str, ids))},
    )
    return {StudentKey(row.school, row.student): row.updated_at for row in rows}
