"""SQL of the audit log. Lines are added and read; the table itself refuses every change."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.identifiers import student_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be written; see `services.thresholds.audit`."""

    at: datetime
    subject: str
    role: str
    action: str
    school: str
    students: Sequence[str]
    record_id: uuid.UUID | None
    fields: Sequence[str]
    filters: Mapping[str, str | int | bool]


class Place(NamedTuple):
    """Where a page ended: the moment and number of its last line."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines of a school: from a moment on and before another one, of a student, subject or action."""

    school: str
    student: str | None = None
    subject: str | None = None
    action: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def add(connection: AsyncConnection, line: NewLine) -> None:
    """Writes a line."""
    await connection.execute(
        text(
            """
            INSERT INTO audit (at, subject, role, action, school, students, student_ids, record_id, fields, filters)
            VALUES (:at, :subject, :role, :action, :school, :students, :student_ids, :record_id, :fields, :filters)
            """
        ),
        {
            "at": line.at,
            "subject": line.subject,
            "role": line.role,
            "action": line.action,
            "school": line.school,
            "students": list(line.students),
            "student_ids": [student_id(line.school, student) for student in line.students],
            "record_id": line.record_id,
            "fields": list(line.fields),
            "filters": msgspec.json.encode(line.filters).decode(),
        },
    )


async def page(connection: AsyncConnection, wanted: Wanted, after: Place | None, limit: int) -> list[RowMapping]:
    """The lines behind a place, newest first."""
    conditions, values = ["school = :school"], {"school": wanted.school, "limit": limit}
    filters: dict[str, tuple[str, object]] = {
        "student": ("student_ids @> ARRAY[CAST(:student AS uuid)]", wanted.student and student_id(wanted.school, wanted.student)),
        "subject": ("subject = :subject", wanted.subject),
        "action": ("action = :action", wanted.action),
        "since": ("at >= :since", wanted.since),
        "before": ("at < :before", wanted.before),
    }
    for name, (condition, value) in filters.items():
        if value is not None:
            conditions.append(condition)
            values[name] = value
    if after is not None:
        conditions.append("(at, id) < (:after_at, :after_id)")
        values |= {"after_at": after.at, "after_id": after.id}
    rows = await connection.execute(
        text(
            f"""
            SELECT id, at, subject, role, action, school, students, record_id, fields, filters FROM audit
            WHERE {" AND ".join(conditions)} ORDER BY at DESC, id DESC LIMIT :limit
            """  # noqa: S608
        ).columns(filters=JSONB),
        values,
    )
    return list(rows.mappings())


async def forget(connection: AsyncConnection, years: int, most: int) -> int:
    """Drops up to so many lines that are older than so many years, oldest first; answers how many. The table refuses less than seven.

    The years are counted by the database's own clock, as the table counts them.
    """
    dropped = await connection.execute(
        text(
            """
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit WHERE at < now() - make_interval(years => :years) ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"years": years, "most": most},
    )
    return dropped.rowcount
