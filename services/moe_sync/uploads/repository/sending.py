"""SQL of uploads that are sent: one at a time and school, until they are answered."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.repository.uploads import UPLOAD
from shared.worklist import repository as worklist

WAITS: Final = "the Ministry's end is away"
"""The reason of an upload that waits for the end of an outage, without an attempt."""

Answered = Literal["accepted", "partly-accepted", "refused"]


@dataclass(frozen=True, slots=True)
class ToSend:
    """An upload as its attempt needs it."""

    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    body: bytes
    digest: bytes
    sealed: bool
    delivered: bool


async def school_of(connection: AsyncConnection, upload: uuid.UUID) -> str | None:
    """The school of the upload."""
    school: str | None = (await connection.execute(text("SELECT school FROM uploads WHERE id = :id"), {"id": upload})).scalar()
    return school


async def to_send(connection: AsyncConnection, upload: uuid.UUID, *, delivered_since: datetime) -> ToSend | None:
    """An upload that has no answer yet, locked; None when it has been answered before. Delivered longer ago counts as lost."""
    row = (
        await connection.execute(
            text(
                """
                SELECT school, term, week, number, created_at, body, digest, sealed, coalesce(delivered_at > :since, false)
                FROM uploads
                WHERE id = :id AND status IN ('pending', 'sending') FOR NO KEY UPDATE
                """
            ),
            {"id": upload, "since": delivered_since},
        )
    ).one_or_none()
    return None if row is None else ToSend(*row)


async def start(connection: AsyncConnection, upload: uuid.UUID, adapter: str, *, lost: bool) -> None:
    """Marks an upload as under way. `lost` says that an attempt before came to no end: its outcome is not known."""
    await connection.execute(
        text(
            """
            UPDATE uploads SET status = 'sending', adapter = :adapter, outcome_unknown = outcome_unknown OR :lost
            WHERE id = :id AND status IN ('pending', 'sending')
            """
        ),
        {"id": upload, "adapter": adapter, "lost": lost},
    )


async def seal(connection: AsyncConnection, upload: uuid.UUID) -> None:
    """Notes that an upload stays as it is."""
    await connection.execute(text("UPDATE uploads SET sealed = true WHERE id = :id"), {"id": upload})


async def answered(
    connection: AsyncConnection,
    upload: uuid.UUID,
    status: Answered,
    *,
    receipt: str | None,
    reason: str | None,
    now: datetime,
    marked_by: str | None = None,
    note: str | None = None,
) -> bytes | None:
    """Settles an upload; its body, or None when it was settled before."""
    settled = await connection.execute(
        text(
            """
            UPDATE uploads SET status = :status, receipt = :receipt, reason = :reason, sent_at = :now, outcome_unknown = false,
                sealed = true, marked_by = CAST(:marked_by AS text), note = :note,
                adapter = CASE WHEN CAST(:marked_by AS text) IS NULL THEN adapter ELSE 'by-hand' END
            WHERE id = :id AND status IN ('pending', 'sending') RETURNING body
            """
        ),
        {"id": upload, "status": status, "receipt": receipt, "reason": reason, "now": now, "marked_by": marked_by, "note": note},
    )
    body: bytes | None = settled.scalar_one_or_none()
    return body


async def redact(connection: AsyncConnection, upload: uuid.UUID, body: bytes) -> None:
    """Keeps an answered upload without what was only needed on the way; its digest stays that of what was sent."""
    await connection.execute(text("UPDATE uploads SET body = :body, redacted = true WHERE id = :id"), {"id": upload, "body": body})


async def not_answered(
    connection: AsyncConnection, upload: uuid.UUID, reason: str, *, unknown: bool, delivered_at: datetime | None
) -> None:
    """Notes why an attempt settled nothing. Once it is not known whether an upload arrived, only an answer ends that."""
    await connection.execute(
        text(
            """
            UPDATE uploads SET reason = :reason, outcome_unknown = outcome_unknown OR :unknown,
                delivered_at = coalesce(:delivered_at, delivered_at)
            WHERE id = :id AND status IN ('pending', 'sending')
            """
        ),
        {"id": upload, "reason": reason, "unknown": unknown, "delivered_at": delivered_at},
    )


async def hurry(connection: AsyncConnection, reasons: Sequence[str], now: datetime, within: timedelta) -> int:
    """Makes due what waits for a later attempt because one ended for these reasons, or was not made: spread evenly over a while. Answers
    how many uploads."""
    hurried = await connection.execute(
        text(
            """
            UPDATE work w SET due_at = CAST(:now AS timestamptz) + CAST(:within AS interval) * n.place, put_at = :now FROM (
                SELECT id, (row_number() OVER (ORDER BY due_at) - 1) / CAST(count(*) OVER () AS float) AS place FROM (
                    SELECT id, due_at FROM work
                    WHERE kind = :kind AND state = 'waiting' AND due_at > :now
                        AND last_error = ANY(CAST(:reasons AS text[]))
                    FOR UPDATE SKIP LOCKED
                ) waiting
            ) n
            WHERE w.id = n.id
            """
        ),
        {"kind": UPLOAD, "reasons": [*reasons, WAITS], "now": now, "within": within},
    )
    await worklist.wake(connection, UPLOAD)
    return hurried.rowcount


async def placed(connection: AsyncConnection, upload: uuid.UUID, reason: str, now: datetime) -> None:
    """Notes that an upload lies ready for a person, who may have seen it from now on."""
    await connection.execute(
        text(
            """
            UPDATE uploads SET reason = :reason, delivered_at = coalesce(delivered_at, :now)
            WHERE id = :id AND status IN ('pending', 'sending')
            """
        ),
        {"id": upload, "reason": reason, "now": now},
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


async def oldest_unsent(connection: AsyncConnection, school: str) -> uuid.UUID | None:
    """The upload of a school whose turn it is."""
    row = await connection.execute(
        text("SELECT id FROM uploads WHERE school = :school AND status IN ('pending', 'sending') ORDER BY place LIMIT 1"),
        {"school": school},
    )
    upload: uuid.UUID | None = row.scalar_one_or_none()
    return upload


async def take_from_worklist(connection: AsyncConnection, upload: uuid.UUID, now: datetime) -> bool:
    """Keeps workers from an upload that a person deals with; False while one of them is at it."""
    if await worklist.cancel(connection, upload, now):
        return True
    state = (await connection.execute(text("SELECT state FROM work WHERE id = :id"), {"id": upload})).scalar()
    return state not in {"waiting", "leased"}


async def unsealed_of(connection: AsyncConnection, school: str) -> list[tuple[uuid.UUID, bytes]]:
    """The uploads of a school that no attempt has been made at, with their bodies."""
    rows = await connection.execute(
        text("SELECT id, body FROM uploads WHERE school = :school AND status = 'pending' AND delivered_at IS NULL"), {"school": school}
    )
    return [(row.id, row.body) for row in rows]


async def rewrite_body(connection: AsyncConnection, upload: uuid.UUID, body: bytes, digest: bytes, checksum: str) -> None:
    """Puts another writing of the same items into an upload that nobody has sent yet."""
    await connection.execute(
        text("UPDATE uploads SET body = :body, digest = :digest, checksum = :checksum WHERE id = :id AND status = 'pending'"),
        {"id": upload, "body": body, "digest": digest, "checksum": checksum},
    )
