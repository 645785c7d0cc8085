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

Position = tuple[datetime, int]
"""The moment and number of a line: its place in the order of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be written; see `log.Access`."""

    at: datetime
    subject: str
    role: str
    action: str
    school: str
    students: Sequence[str]
    student_ids: Sequence[uuid.UUID]
    record_id: uuid.UUID | None
    fields: Sequence[str]
    filters: Mapping[str, str | int | bool]


class Reader(NamedTuple):
    """A caller to whom something was shown that others see as well."""

    subject: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Lines of a school: from `since` on and before `before`, of a student, subject or action."""

    school: str
    student: str | None = None
    subject: str | None = None
    action: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def add(connection: AsyncConnection, lines: Sequence[NewLine]) -> None:
    """Writes lines, in their order and in one round trip."""
    if not lines:
        return
    await connection.execute(
        text(
            """
            INSERT INTO audit (at, subject, role, action, school, students, student_ids, record_id, fields, filters)
            VALUES (:at, :subject, :role, :action, :school, :students, :student_ids, :record_id, :fields, :filters)
            """
        ),
        [
            {
                "at": line.at,
                "subject": line.subject,
                "role": line.role,
                "action": line.action,
                "school": line.school,
                "students": list(line.students),
                "student_ids": list(line.student_ids),
                "record_id": line.record_id,
                "fields": list(line.fields),
                "filters": msgspec.json.encode(line.filters).decode(),
            }
            for line in lines
        ],
    )


async def add_shown(connection: AsyncConnection, at: datetime, reader: Reader, action: str, shown: uuid.UUID, lines: str) -> None:
    """Writes a line for each school of a JSON array (`log.Shown`), in its order, so that others can be added to them."""
    await connection.execute(
        text(
            """
            INSERT INTO audit (at, subject, role, action, school, students, student_ids, fields, filters, shown)
            SELECT :at, :subject, :role, :action, line.school, line.students, line.student_ids, '{}', '{}', :shown
            FROM json_to_recordset(CAST(:lines AS json)) line (school text, students text[], student_ids uuid[])
            """
        ),
        {"at": at, "subject": reader.subject, "role": reader.role, "action": action, "lines": lines, "shown": shown},
    )


async def add_also(connection: AsyncConnection, at: datetime, readers: Sequence[Reader], shown: uuid.UUID) -> bool:
    """Adds readers to lines that are there; answers whether they are: a restored database may have lost them."""
    added = await connection.execute(
        text(
            """
            INSERT INTO audit_also (at, subject, role, shown)
            SELECT :at, subject, role, :shown FROM unnest(CAST(:subjects AS text[]), CAST(:roles AS text[])) AS reader (subject, role)
            WHERE EXISTS (SELECT FROM audit WHERE shown = :shown)
            """
        ),
        {"at": at, "shown": shown, "subjects": [reader.subject for reader in readers], "roles": [reader.role for reader in readers]},
    )
    return added.rowcount > 0


async def page(connection: AsyncConnection, which: AuditFilter, after: Position | None, limit: int) -> list[RowMapping]:
    """The lines behind a position, newest first."""
    conditions, values = ["audit.school = :school"], {"school": which.school, "limit": limit}
    filters: dict[str, tuple[str, object]] = {
        "student": ("audit.student_ids @> ARRAY[CAST(:student AS uuid)]", which.student and student_id(which.school, which.student)),
        "subject": ("reader.subject = :subject", which.subject),
        "action": ("audit.action = :action", which.action),
        "since": ("reader.at >= :since", which.since),
        "before": ("reader.at < :before", which.before),
    }
    for name, (condition, value) in filters.items():
        if value is not None:
            conditions.append(condition)
            values[name] = value
    if after is not None:
        conditions.append("(reader.at, reader.id) < (:after_at, :after_id)")
        values["after_at"], values["after_id"] = after
    where = " AND ".join(conditions)
    what = "audit.action, audit.school, audit.students, audit.record_id, audit.fields, audit.filters"
    rows = await connection.execute(
        text(
            f"""
            (
                SELECT id, at, subject, role, {what} FROM audit WHERE {where.replace("reader.", "audit.")}
                ORDER BY at DESC, id DESC LIMIT :limit
            )
            UNION ALL
            (
                SELECT reader.id, reader.at, reader.subject, reader.role, {what} FROM audit JOIN audit_also reader USING (shown)
                WHERE {where} ORDER BY reader.at DESC, reader.id DESC LIMIT :limit
            )
            ORDER BY at DESC, id DESC LIMIT :limit
            """  # noqa: S608
        ).columns(filters=JSONB),
        values,
    )
    return list(rows.mappings())


async def accounts(connection: AsyncConnection, school: str, since: datetime, most: int) -> list[RowMapping]:
    """The subjects of a school's lines since a moment, by role, the last seen first."""
    rows = await connection.execute(
        text(
            """
            SELECT subject, role, max(at) AS last_at, count(*) AS lines FROM (
                SELECT subject, role, at FROM audit WHERE school = :school AND at >= :since
                UNION ALL
                SELECT reader.subject, reader.role, reader.at FROM audit JOIN audit_also reader USING (shown)
                WHERE audit.school = :school AND reader.at >= :since
            ) line
            GROUP BY subject, role ORDER BY max(at) DESC, subject, role LIMIT :most
            """
        ),
        {"school": school, "since": since, "most": most},
    )
    return list(rows.mappings())


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Drops up to `most` lines from before a moment, oldest first; answers how many. The table itself keeps the last seven years.

    Lines that were shown to others later stay as long as the rows of these.
    """
    others = await connection.execute(
        text(
            """
            DELETE FROM audit_also WHERE id IN (
                SELECT id FROM audit_also WHERE at < :moment ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    dropped = await connection.execute(
        text(
            """
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit
                WHERE at < :moment AND NOT EXISTS (SELECT FROM audit_also WHERE audit_also.shown = audit.shown)
                ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most - others.rowcount},
    )
    return others.rowcount + dropped.rowcount
