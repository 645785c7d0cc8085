"""SQL of uploads: built, sent one at a time and school, answered."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.batches import Batch, Going
from services.moe_sync.document import Change, RecordItem, ResponseItem, decode_record, decode_response
from shared.worklist import repository as worklist

UPLOAD: Final = "upload"
"""The kind of work that sends an upload. Its item has the upload's id."""

UploadStatus = Literal["pending", "sending", "accepted", "partly-accepted", "refused"]
Answered = Literal["accepted", "partly-accepted", "refused"]

SHOWN: Final = """
    u.id, u.place, u.school, u.term, u.week, u.number, u.status, u.created_at, u.sent_at, u.records, u.responses, u.receipt, u.reason,
    u.digest, u.checksum, u.new, u.amended, u.withdrawn, u.adapter, u.outcome_unknown, u.delivered_at, u.redacted, u.marked_by, u.note
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
    checksum: str
    records: int
    responses: int
    new: int
    amended: int
    withdrawn: int
    sealed: bool
    going: Sequence[tuple[uuid.UUID, int, Change]]


@dataclass(frozen=True, slots=True)
class ToSend:
    """What an attempt needs to know of its upload."""

    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    body: bytes
    digest: bytes
    sealed: bool
    delivered: bool


async def newest_of_weeks(connection: AsyncConnection, weeks: Mapping[str, str]) -> dict[str, RowMapping]:
    """The last upload built for a week of each school, by school."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {SHOWN} FROM unnest(CAST(:schools AS text[]), CAST(:weeks AS text[])) AS w(school, week)
            CROSS JOIN LATERAL (
                SELECT * FROM uploads WHERE school = w.school AND week = w.week ORDER BY number DESC LIMIT 1
            ) u
            """  # noqa: S608
        ),
        {"schools": list(weeks), "weeks": list(weeks.values())},
    )
    return {row["school"]: row for row in rows.mappings()}


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
    """What an upload holds."""
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
    # Not by ON CONFLICT alone: that waits for whoever is settling the item, who waits for the school's lock.
    await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at)
            SELECT id, :kind, :now, :now FROM unnest(CAST(:ids AS uuid[])) AS w(id)
            WHERE NOT EXISTS (SELECT FROM work k WHERE k.id = w.id) ON CONFLICT (id) DO NOTHING
            """
        ),
        {"kind": UPLOAD, "ids": ids, "now": now},
    )
    # One that is being settled at this moment is left to whoever settles it, who waits for the school's lock and then looks again.
    await connection.execute(
        text(
            """
            UPDATE work SET state = 'waiting', due_at = :now, settled_at = NULL
            WHERE id IN (
                SELECT id FROM work WHERE id = ANY(CAST(:ids AS uuid[])) AND state IN ('done', 'failed', 'cancelled')
                ORDER BY id FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"ids": ids, "now": now},
    )
    await wake(connection)


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


async def wake(connection: AsyncConnection) -> None:
    """Wakes the workers at commit."""
    await connection.execute(text("SELECT pg_notify('star_work_' || current_schema(), '')"))


async def school_of(connection: AsyncConnection, upload: uuid.UUID) -> str | None:
    """Whose upload it is."""
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
    found: uuid.UUID | None = row.scalar_one_or_none()
    return found


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


async def get(connection: AsyncConnection, upload: uuid.UUID) -> RowMapping | None:
    """An upload with its body."""
    rows = await connection.execute(text(f"SELECT {SHOWN}, u.body FROM uploads u WHERE id = :id"), {"id": upload})  # noqa: S608
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


async def count_attempts(connection: AsyncConnection, upload: uuid.UUID) -> int:
    """How often an upload was tried."""
    rows = await connection.execute(text("SELECT count(*) FROM work_attempts WHERE work_id = :id"), {"id": upload})
    return int(rows.scalar_one())


async def page(connection: AsyncConnection, school: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """A school's uploads, newest first, before a place."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {SHOWN}, (SELECT count(*) FROM upload_items i WHERE i.upload_id = u.id AND i.reject IS NOT NULL) AS rejected
            FROM uploads u
            WHERE school = :school AND (CAST(:before AS bigint) IS NULL OR place < :before) ORDER BY place DESC LIMIT :limit
            """  # noqa: S608
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return rows.mappings().all()


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


async def tally(connection: AsyncConnection, schools: Sequence[str] | None = None) -> dict[str, int]:
    """How many uploads of these schools (None: of all) wait, are under way, or are so with an outcome that is not known."""
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
