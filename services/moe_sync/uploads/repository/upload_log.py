"""SQL of uploads as they are shown: their state, attempts and rejects."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

UploadStatus = Literal["pending", "sending", "accepted", "partly-accepted", "refused"]


@dataclass(frozen=True, slots=True)
class NewestUpload:
    """The last upload that was built for a school's week."""

    id: uuid.UUID
    number: int
    status: UploadStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """An upload as it is on file; `place` is its turn among all."""

    id: uuid.UUID
    place: int
    school: str
    term: str
    week: str
    number: int
    status: UploadStatus
    created_at: datetime
    sent_at: datetime | None
    records: int
    responses: int
    receipt: str | None
    reason: str | None
    digest: bytes
    checksum: str
    new: int
    amended: int
    withdrawn: int
    adapter: str | None
    outcome_unknown: bool
    redacted: bool
    marked_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeUpload(UploadRow):
    """An upload with its document."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUpload(UploadRow):
    """An upload with the number of its rejected items."""

    rejected: int


_COLUMNS: Final = ", ".join(f"u.{field.name}" for field in fields(UploadRow))


async def newest_of_weeks(connection: AsyncConnection, weeks: Mapping[str, str]) -> dict[str, NewestUpload]:
    """The last upload built for a week of each school, by school."""
    rows = await connection.execute(
        text(
            """
            SELECT w.school, u.id, u.number, u.status FROM unnest(CAST(:schools AS text[]), CAST(:weeks AS text[])) AS w(school, week)
            CROSS JOIN LATERAL (
                SELECT id, number, status FROM uploads WHERE school = w.school AND week = w.week ORDER BY number DESC LIMIT 1
            ) u
            """
        ),
        {"schools": list(weeks), "weeks": list(weeks.values())},
    )
    return {row.school: NewestUpload(row.id, row.number, row.status) for row in rows}


@dataclass(frozen=True, slots=True)
class UploadOwner:
    """The school of an upload."""

    school: str


async def owner_of(connection: AsyncConnection, upload: uuid.UUID) -> UploadOwner | None:
    """The school of an upload; None for an upload that does not exist."""
    school = (await connection.execute(text("SELECT school FROM uploads WHERE id = :id"), {"id": upload})).scalar_one_or_none()
    return None if school is None else UploadOwner(school)


async def get(connection: AsyncConnection, upload: uuid.UUID) -> WholeUpload | None:
    """An upload with its document."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS}, u.body FROM uploads u WHERE id = :id"), {"id": upload})  # noqa: S608
    row = rows.mappings().one_or_none()
    return None if row is None else WholeUpload(**row)


async def rejects_of(connection: AsyncConnection, upload: uuid.UUID) -> dict[uuid.UUID, str]:
    """The rejected items of an upload, with the reason of each."""
    rows = await connection.execute(
        text("SELECT item_id, reject FROM upload_items WHERE upload_id = :id AND reject IS NOT NULL ORDER BY item_id"), {"id": upload}
    )
    return {row.item_id: row.reject for row in rows}


async def attempts_of(connection: AsyncConnection, upload: uuid.UUID, most: int) -> list[Mapping[str, Any]]:
    """The last attempts at an upload, oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT * FROM (
                SELECT attempt, started_at, ended_at, outcome, detail FROM work_attempts
                WHERE work_id = :id ORDER BY attempt DESC LIMIT :most
            ) newest ORDER BY attempt
            """
        ),
        {"id": upload, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


async def count_attempts(connection: AsyncConnection, upload: uuid.UUID) -> int:
    """The number of attempts at an upload."""
    rows = await connection.execute(text("SELECT count(*) FROM work_attempts WHERE work_id = :id"), {"id": upload})
    return int(rows.scalar_one())


async def page(connection: AsyncConnection, school: str, before: int | None, limit: int) -> list[CountedUpload]:
    """A school's uploads, newest first, before a place."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS}, (SELECT count(*) FROM upload_items i WHERE i.upload_id = u.id AND i.reject IS NOT NULL) AS rejected
            FROM uploads u
            WHERE school = :school AND (CAST(:before AS bigint) IS NULL OR place < :before) ORDER BY place DESC LIMIT :limit
            """  # noqa: S608
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return [CountedUpload(**row) for row in rows.mappings()]


async def differences(connection: AsyncConnection, upload: uuid.UUID, after: uuid.UUID | None, limit: int) -> Sequence[RowMapping]:
    """The items of an upload by id, each as it goes and as the Ministry had taken it from the uploads before."""
    rows = await connection.execute(
        text(
            """
            SELECT ui.item_id, i.kind, i.record_id, ui.change, ui.reject, CAST(v.content AS text) AS now_content,
                CAST(b.content AS text) AS before_content, b.id AS before_upload, b.week AS before_week
            FROM upload_items ui
            JOIN uploads u ON u.id = ui.upload_id JOIN items i ON i.id = ui.item_id
            JOIN versions v ON v.item_id = ui.item_id AND v.revision = ui.revision
            LEFT JOIN LATERAL (
                SELECT p.id, p.week, pv.content FROM upload_items pi
                JOIN uploads p ON p.id = pi.upload_id JOIN versions pv ON pv.item_id = pi.item_id AND pv.revision = pi.revision
                WHERE pi.item_id = ui.item_id AND pi.reject IS NULL AND p.status IN ('accepted', 'partly-accepted') AND p.place < u.place
                ORDER BY p.place DESC LIMIT 1
            ) b ON true
            WHERE ui.upload_id = :upload AND (CAST(:after AS uuid) IS NULL OR ui.item_id > :after)
            ORDER BY ui.item_id LIMIT :limit
            """
        ),
        {"upload": upload, "after": after, "limit": limit},
    )
    return rows.mappings().all()


async def newest(connection: AsyncConnection, schools: Sequence[str]) -> list[Mapping[str, Any]]:
    """The newest upload of each of these schools, when one was last accepted, and how many wait for an answer; by school's number."""
    rows = await connection.execute(
        text(
            """
            SELECT s.school, n.week, n.status, n.reason, a.sent_at AS accepted_at, w.waiting
            FROM unnest(CAST(:schools AS text[])) AS s(school)
            LEFT JOIN LATERAL (SELECT week, status, reason FROM uploads WHERE school = s.school ORDER BY place DESC LIMIT 1) n ON true
            LEFT JOIN LATERAL (
                SELECT sent_at FROM uploads WHERE school = s.school AND status IN ('accepted', 'partly-accepted')
                ORDER BY place DESC LIMIT 1
            ) a ON true
            CROSS JOIN LATERAL (
                SELECT count(*) AS waiting FROM uploads WHERE school = s.school AND status IN ('pending', 'sending')
            ) w
            ORDER BY s.school
            """
        ),
        {"schools": list(schools)},
    )
    return [dict(row) for row in rows.mappings()]


async def tally(connection: AsyncConnection, schools: Sequence[str] | None = None) -> dict[str, int]:
    """The number of uploads of these schools (None: of all) that wait, that are under way, and that have an unknown outcome."""
    rows = await connection.execute(
        text(
            """
            SELECT count(*) FILTER (WHERE status = 'pending') AS pending, count(*) FILTER (WHERE status = 'sending') AS sending,
                count(*) FILTER (WHERE outcome_unknown) AS outcome_unknown
            FROM uploads
            WHERE status IN ('pending', 'sending') AND (CAST(:schools AS text[]) IS NULL OR school = ANY(CAST(:schools AS text[])))
            """
        ),
        {"schools": None if schools is None else list(schools)},
    )
    return dict(rows.mappings().one())
