"""SQL of uploads: built, sent one at a time and school, answered."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

UploadStatus = Literal["pending", "sending", "accepted", "partly-accepted", "refused"]

_SHOWN = """
    u.id, u.place, u.school, u.term, u.week, u.number, u.status, u.created_at, u.sent_at, u.records, u.responses, u.receipt, u.reason
"""


@dataclass(frozen=True, slots=True)
class Built:
    """An upload to keep."""

    id: uuid.UUID
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    body: bytes
    digest: bytes
    records: int
    responses: int
    revisions: Sequence[tuple[uuid.UUID, int]]


@dataclass(frozen=True, slots=True)
class ToSend:
    """What an attempt needs to know of its upload."""

    school: str
    week: str
    number: int
    body: bytes
    digest: bytes


async def newest_of_week(connection: AsyncConnection, school: str, week: str) -> RowMapping | None:
    """The last upload built for a school's week."""
    rows = await connection.execute(
        text(f"SELECT {_SHOWN} FROM uploads u WHERE school = :school AND week = :week ORDER BY number DESC LIMIT 1"),  # noqa: S608
        {"school": school, "week": week},
    )
    return rows.mappings().one_or_none()


async def add(connection: AsyncConnection, built: Built) -> None:
    """Keeps an upload and what it holds."""
    await connection.execute(
        text(
            """
            INSERT INTO uploads (id, school, term, week, number, created_at, body, digest, records, responses)
            VALUES (:id, :school, :term, :week, :number, :created_at, :body, :digest, :records, :responses)
            """
        ),
        {name: getattr(built, name) for name in Built.__slots__ if name != "revisions"},
    )
    await connection.execute(
        text(
            """
            INSERT INTO upload_items (upload_id, item_id, revision)
            SELECT :upload, w.* FROM unnest(CAST(:ids AS uuid[]), CAST(:revisions AS int[])) AS w
            """
        ),
        {
            "upload": built.id,
            "ids": [item for item, _ in built.revisions],
            "revisions": [revision for _, revision in built.revisions],
        },
    )


async def next_to_send(connection: AsyncConnection, school: str) -> uuid.UUID | None:
    """The school's oldest unsent upload, unless it is on the worklist already. The caller holds the school's lock."""
    row = (
        await connection.execute(
            text(
                """
                SELECT id, EXISTS (SELECT FROM work w WHERE w.id = u.id) AS listed FROM uploads u
                WHERE school = :school AND status IN ('pending', 'sending') ORDER BY place LIMIT 1
                """
            ),
            {"school": school},
        )
    ).one_or_none()
    return None if row is None or row.listed else row.id


async def start(connection: AsyncConnection, upload: uuid.UUID) -> ToSend | None:
    """Marks an upload as under way; None when it has been answered before."""
    row = (
        await connection.execute(
            text(
                """
                UPDATE uploads SET status = 'sending' WHERE id = :id AND status IN ('pending', 'sending')
                RETURNING school, week, number, body, digest
                """
            ),
            {"id": upload},
        )
    ).one_or_none()
    return None if row is None else ToSend(*row)


async def answered(
    connection: AsyncConnection,
    upload: uuid.UUID,
    status: Literal["accepted", "partly-accepted", "refused"],
    *,
    receipt: str | None,
    reason: str | None,
    now: datetime,
) -> str | None:
    """Settles an upload; its school, or None when it was settled before."""
    settled = await connection.execute(
        text(
            """
            UPDATE uploads SET status = :status, receipt = :receipt, reason = :reason, sent_at = :now
            WHERE id = :id AND status IN ('pending', 'sending') RETURNING school
            """
        ),
        {"id": upload, "status": status, "receipt": receipt, "reason": reason, "now": now},
    )
    school: str | None = settled.scalar_one_or_none()
    return school


async def not_answered(connection: AsyncConnection, upload: uuid.UUID, reason: str) -> None:
    """Notes why an attempt settled nothing."""
    await connection.execute(
        text("UPDATE uploads SET reason = :reason WHERE id = :id AND status IN ('pending', 'sending')"), {"id": upload, "reason": reason}
    )


async def reject(connection: AsyncConnection, upload: uuid.UUID, reasons: Mapping[uuid.UUID, str]) -> int:
    """Notes why items were rejected; answers how many of them the upload holds."""
    rows = await connection.execute(
        text(
            """
            WITH said AS (
                UPDATE upload_items u SET reject = w.reason
                FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS w(id, reason)
                WHERE u.upload_id = :upload AND u.item_id = w.id
                RETURNING u.item_id, u.revision
            ), locked AS (
                SELECT i.id FROM items i JOIN said s ON s.item_id = i.id WHERE i.included = s.revision
                ORDER BY i.id FOR NO KEY UPDATE OF i
            ), noted AS (
                UPDATE items i SET rejected = true FROM locked l WHERE i.id = l.id
            )
            SELECT count(*) FROM said
            """
        ),
        {"upload": upload, "ids": list(reasons), "reasons": list(reasons.values())},
    )
    return int(rows.scalar_one())


async def get(connection: AsyncConnection, upload: uuid.UUID) -> RowMapping | None:
    """An upload with its body."""
    rows = await connection.execute(text(f"SELECT {_SHOWN}, u.body FROM uploads u WHERE id = :id"), {"id": upload})  # noqa: S608
    return rows.mappings().one_or_none()


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


async def page(connection: AsyncConnection, school: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """A school's uploads, newest first, before a place."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_SHOWN}, (SELECT count(*) FROM upload_items i WHERE i.upload_id = u.id AND i.reject IS NOT NULL) AS rejected
            FROM uploads u
            WHERE school = :school AND (CAST(:before AS bigint) IS NULL OR place < :before) ORDER BY place DESC LIMIT :limit
            """  # noqa: S608
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return rows.mappings().all()
