"""SQL of what each school has chosen for its uploads, and of what hangs on that: pauses and national student numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

AdapterName = Literal["https", "sftp", "folder"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """A school's choices; None leaves one to the service's settings."""

    closes: str | None = None
    adapter: AdapterName | None = None
    nsn: bool = False
    paused_at: datetime | None = None
    paused_by: str | None = None
    pause_reason: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None

    @property
    def paused(self) -> bool:
        """Whether nothing is sent for now."""
        return self.paused_at is not None


NONE = Preferences()
"""A school that has chosen nothing."""

_COLUMNS = "closes, adapter, nsn, paused_at, paused_by, pause_reason, updated_at, updated_by"


async def get(connection: AsyncConnection, school: str) -> Preferences:
    """A school's choices."""
    row = (await connection.execute(text(f"SELECT {_COLUMNS} FROM preferences WHERE school = :school"), {"school": school})).one_or_none()  # noqa: S608
    return NONE if row is None else Preferences(*row)


async def put(connection: AsyncConnection, school: str, chosen: Preferences) -> None:
    """Keeps a school's choices. The caller holds the school's lock."""
    await connection.execute(
        text(
            f"""
            INSERT INTO preferences (school, {_COLUMNS})
            VALUES (:school, :closes, :adapter, :nsn, :paused_at, :paused_by, :pause_reason, :updated_at, :updated_by)
            ON CONFLICT (school) DO UPDATE SET closes = excluded.closes, adapter = excluded.adapter, nsn = excluded.nsn,
                paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason,
                updated_at = excluded.updated_at, updated_by = excluded.updated_by
            """  # noqa: S608
        ),
        {"school": school} | {name: getattr(chosen, name) for name in Preferences.__slots__},
    )


async def read_students_anew(connection: AsyncConnection) -> None:
    """Lets the students be read from the start: a school wants numbers that were read past before."""
    await connection.execute(text("UPDATE readings SET generation = generation + 1"))


async def reading(connection: AsyncConnection) -> tuple[int, bool]:
    """Which reading of the students is the present one, and whether any school wants numbers at all."""
    row = (await connection.execute(text("SELECT generation, EXISTS (SELECT FROM preferences WHERE nsn) FROM readings"))).one()
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class Number:
    """What a student's event says of their number: ten digits, or None for none (any more)."""

    student_id: UUID
    school: str
    nsn: str | None
    at: datetime


async def keep_numbers(connection: AsyncConnection, numbers: Sequence[Number]) -> None:
    """Keeps the numbers of students whose schools have switched them on, unless what is there is newer. One a student."""
    ordered = sorted(numbers, key=lambda number: number.student_id)
    said = [number for number in ordered if number.nsn is not None]
    # The lock on the choices: switched off at this moment, nothing is kept behind its back.
    await connection.execute(
        text(
            """
            WITH wanted AS (
                SELECT school FROM preferences WHERE nsn AND school = ANY(CAST(:schools AS text[])) ORDER BY school FOR SHARE
            )
            INSERT INTO nsns (student_id, school, nsn, updated_at)
            SELECT w.* FROM unnest(CAST(:ids AS uuid[]), CAST(:schools AS text[]), CAST(:nsns AS text[]), CAST(:at AS timestamptz[]))
                AS w(student_id, school, nsn, updated_at) JOIN wanted USING (school)
            ON CONFLICT (student_id) DO UPDATE SET nsn = excluded.nsn, school = excluded.school, updated_at = excluded.updated_at
            WHERE nsns.updated_at <= excluded.updated_at
            """
        ),
        {
            "ids": [number.student_id for number in said],
            "schools": [number.school for number in said],
            "nsns": [number.nsn for number in said],
            "at": [number.at for number in said],
        },
    )
    cleared = [number for number in ordered if number.nsn is None]
    await connection.execute(
        text(
            """
            DELETE FROM nsns n USING unnest(CAST(:ids AS uuid[]), CAST(:at AS timestamptz[])) AS w(student_id, at)
            WHERE n.student_id = w.student_id AND n.updated_at <= w.at
            """
        ),
        {"ids": [number.student_id for number in cleared], "at": [number.at for number in cleared]},
    )


async def forget_students(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Erases the numbers of students who are gone."""
    await connection.execute(text("DELETE FROM nsns WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(ids)})


async def erase_numbers(connection: AsyncConnection, school: str) -> int:
    """Erases all numbers of a school; answers how many."""
    return (await connection.execute(text("DELETE FROM nsns WHERE school = :school"), {"school": school})).rowcount


async def numbers_of(connection: AsyncConnection, schools: Sequence[str], students: Sequence[UUID]) -> tuple[set[str], dict[UUID, str]]:
    """Which of these schools send numbers, and the numbers of these students as far as they are theirs."""
    wanted = await connection.execute(
        text("SELECT school FROM preferences WHERE nsn AND school = ANY(CAST(:schools AS text[]))"), {"schools": list(schools)}
    )
    sending = set(wanted.scalars())
    if not sending:
        return sending, {}
    rows = await connection.execute(
        text("SELECT student_id, nsn FROM nsns WHERE school = ANY(CAST(:schools AS text[])) AND student_id = ANY(CAST(:ids AS uuid[]))"),
        {"schools": list(sending), "ids": list(students)},
    )
    return sending, {row.student_id: row.nsn for row in rows}
