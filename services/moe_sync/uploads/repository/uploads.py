"""SQL of uploads that are built: kept, rewritten until they are sealed, and queued."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.items.item import Change, RecordItem, ResponseItem, decode_record, decode_response
from services.moe_sync.uploads.batches import Batch, Going
from shared.worklist import repository as worklist

UPLOAD: Final = "upload"
"""The kind of work that sends an upload. Its item has the upload's id."""


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
    checksum: str
    records: int
    responses: int
    new: int
    amended: int
    withdrawn: int
    sealed: bool
    going: Sequence[tuple[uuid.UUID, int, Change]]


async def unanswered(connection: AsyncConnection, schools: Sequence[str]) -> set[str]:
    """Those of these schools that have an upload without an answer."""
    rows = await connection.execute(
        text("SELECT DISTINCT school FROM uploads WHERE school = ANY(CAST(:schools AS text[])) AND status IN ('pending', 'sending')"),
        {"schools": list(schools)},
    )
    return set(rows.scalars())


async def add(connection: AsyncConnection, built: Sequence[Built]) -> None:
    """Keeps uploads and what they hold, in the order given."""
    names = [name for name in Built.__slots__ if name != "going"]
    types = {"id": "uuid", "number": "int", "created_at": "timestamptz", "body": "bytea", "digest": "bytea", "sealed": "boolean"}
    types |= dict.fromkeys(("records", "responses", "new", "amended", "withdrawn"), "int")
    columns = ", ".join(f"CAST(:{name} AS {types.get(name, 'text')}[])" for name in names)
    await connection.execute(
        text(
            f"""
            INSERT INTO uploads ({", ".join(names)})
            SELECT {", ".join(names)} FROM unnest({columns}) WITH ORDINALITY AS w({", ".join(names)}, turn) ORDER BY turn
            """  # noqa: S608
        ),
        {name: [getattr(upload, name) for upload in built] for name in names},
    )
    await add_items(connection, [(upload.id, *going) for upload in built for going in upload.going])


async def add_items(connection: AsyncConnection, items: Sequence[tuple[uuid.UUID, uuid.UUID, int, Change]]) -> None:
    """Writes down what uploads hold: upload, item, revision, change."""
    if not items:
        return
    await connection.execute(
        text(
            """
            INSERT INTO upload_items (upload_id, item_id, revision, change)
            SELECT * FROM unnest(CAST(:uploads AS uuid[]), CAST(:ids AS uuid[]), CAST(:revisions AS int[]), CAST(:changes AS text[]))
            """
        ),
        {
            "uploads": [upload for upload, _, _, _ in items],
            "ids": [item for _, item, _, _ in items],
            "revisions": [revision for _, _, revision, _ in items],
            "changes": [change for _, _, _, change in items],
        },
    )


async def batch_of(connection: AsyncConnection, upload: uuid.UUID) -> Batch:
    """The items of an upload."""
    rows = await connection.execute(
        text(
            """
            SELECT i.kind, ui.revision, ui.change, CAST(v.content AS text) AS content FROM upload_items ui
            JOIN versions v USING (item_id, revision) JOIN items i ON i.id = ui.item_id WHERE ui.upload_id = :upload
            """
        ),
        {"upload": upload},
    )
    records: list[Going[RecordItem]] = []
    responses: list[Going[ResponseItem]] = []
    for row in rows:
        if row.kind == "record":
            records.append(Going(decode_record(row.content), row.revision, row.change))
        else:
            responses.append(Going(decode_response(row.content), row.revision, row.change))
    return Batch(
        records=tuple(sorted(records, key=lambda going: (going.item.crossed_on, going.item.id))),
        responses=tuple(sorted(responses, key=lambda going: (going.item.occurred_on, going.item.id))),
    )


async def rewrite(connection: AsyncConnection, built: Built) -> None:
    """Puts another content into an upload that nobody has seen yet."""
    await connection.execute(
        text(
            """
            UPDATE uploads SET body = :body, digest = :digest, checksum = :checksum, records = :records, responses = :responses,
                new = :new, amended = :amended, withdrawn = :withdrawn, sealed = :sealed
            WHERE id = :id AND status IN ('pending', 'sending')
            """
        ),
        {
            name: getattr(built, name)
            for name in ("id", "body", "digest", "checksum", "records", "responses", "new", "amended", "withdrawn", "sealed")
        },
    )
    await connection.execute(text("DELETE FROM upload_items WHERE upload_id = :id"), {"id": built.id})
    await add_items(connection, [(built.id, *going) for going in built.going])


async def queue_next(connection: AsyncConnection, schools: Sequence[str], now: datetime) -> None:
    """Puts each school's oldest unsent upload on the worklist, also one that was set aside; those after it come when it is settled.

    The caller holds the schools' locks.
    """
    turn = (
        await connection.execute(
            text(
                """
                SELECT u.id FROM unnest(CAST(:schools AS text[])) AS w(school)
                CROSS JOIN LATERAL (
                    SELECT id FROM uploads WHERE school = w.school AND status IN ('pending', 'sending') ORDER BY place LIMIT 1
                ) u
                ORDER BY u.id
                """
            ),
            {"schools": list(schools)},
        )
    ).scalars()
    ids = list(turn)
    if not ids:
        return
    # Not by ON CONFLICT alone: that waits for the worker that settles the item, which waits for the school's lock.
    await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at, put_at)
            SELECT id, :kind, :now, :now, :now FROM unnest(CAST(:ids AS uuid[])) AS w(id)
            WHERE NOT EXISTS (SELECT FROM work k WHERE k.id = w.id) ON CONFLICT (id) DO NOTHING
            """
        ),
        {"kind": UPLOAD, "ids": ids, "now": now},
    )
    # An item that is being settled is left to the worker that settles it, which waits for the school's lock and then looks again.
    await connection.execute(
        text(
            """
            UPDATE work SET state = 'waiting', due_at = :now, put_at = :now, settled_at = NULL
            WHERE id IN (
                SELECT id FROM work WHERE id = ANY(CAST(:ids AS uuid[])) AND state IN ('done', 'failed', 'cancelled')
                ORDER BY id FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"ids": ids, "now": now},
    )
    await worklist.wake(connection)


async def set_aside(connection: AsyncConnection, adapters: Sequence[str], default: str, most: int) -> list[str]:
    """Schools whose oldest unsent upload nobody works on, although it can be sent: they go on where they were stopped.

    `adapters` are those that this worker can send by; `default` is the one of schools that have chosen none.
    """
    rows = await connection.execute(
        text(
            """
            SELECT u.school FROM (
                SELECT DISTINCT ON (school) school, id FROM uploads WHERE status IN ('pending', 'sending') ORDER BY school, place
            ) u
            LEFT JOIN preferences p USING (school)
            WHERE p.paused_at IS NULL AND coalesce(p.adapter, :default) = ANY(CAST(:adapters AS text[]))
                AND NOT EXISTS (SELECT FROM work w WHERE w.id = u.id AND w.state IN ('waiting', 'leased'))
            ORDER BY u.school LIMIT :most
            """
        ),
        {"adapters": list(adapters), "default": default, "most": most},
    )
    return list(rows.scalars())


async def last_accepted(connection: AsyncConnection) -> datetime | None:
    """When an upload was last accepted, as a whole or in part."""
    rows = await connection.execute(
        text(
            """
            SELECT sent_at FROM uploads
            WHERE status NOT IN ('pending', 'sending') AND status IN ('accepted', 'partly-accepted') ORDER BY sent_at DESC LIMIT 1
            """
        )
    )
    return rows.scalar_one_or_none()
