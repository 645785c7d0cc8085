"""SQL of STAR records and responses: what is known of them, their versions, and which are to go."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.items.candidates import Candidate
from services.moe_sync.items.item import ItemKind, RecordItem, ResponseItem, decode_record, decode_response, encode_item
from services.moe_sync.items.records import Knowledge, Record, Response
from services.moe_sync.items.tracking import Identity, Tracked, Version

_decoders: dict[ItemKind, msgspec.json.Decoder[Knowledge]] = {
    "record": msgspec.json.Decoder(Record),
    "response": msgspec.json.Decoder(Response),
}


async def lock(connection: AsyncConnection, identities: Iterable[Identity]) -> dict[uuid.UUID, Tracked]:
    """The items of these identities, made where they are new, and locked until the transaction ends."""
    ordered = sorted({identity.id: identity for identity in identities}.values(), key=lambda identity: identity.id)
    # New ones first get a row, so that two writers of one item meet at its lock instead of each making their own.
    await connection.execute(
        text(
            """
            INSERT INTO items (id, kind, school, record_id)
            SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:schools AS text[]), CAST(:record_ids AS uuid[]))
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "ids": [identity.id for identity in ordered],
            "kinds": [identity.kind for identity in ordered],
            "schools": [identity.school for identity in ordered],
            "record_ids": [identity.record_id for identity in ordered],
        },
    )
    rows = await connection.execute(
        text(
            """
            SELECT id, kind, school, record_id, CAST(knowledge AS text) AS knowledge, revision, changed_at
            FROM items WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
            """
        ),
        {"ids": [identity.id for identity in ordered]},
    )
    return {row.id: _tracked(*row) for row in rows}


async def save(connection: AsyncConnection, items: Sequence[Tracked], versions: Sequence[Version]) -> None:
    """Writes locked items back, and adds what they became."""
    ordered = sorted(items, key=lambda tracked: tracked.identity.id)
    await connection.execute(
        text(
            """
            UPDATE items i SET knowledge = CAST(w.knowledge AS jsonb), revision = w.revision, changed_at = w.changed_at
            FROM unnest(CAST(:ids AS uuid[]), CAST(:knowledge AS text[]), CAST(:revisions AS int[]), CAST(:changed_at AS timestamptz[]))
                AS w(id, knowledge, revision, changed_at)
            WHERE i.id = w.id
            """
        ),
        {
            "ids": [tracked.identity.id for tracked in ordered],
            "knowledge": [msgspec.json.encode(tracked.knowledge).decode() for tracked in ordered],
            "revisions": [tracked.revision for tracked in ordered],
            "changed_at": [tracked.changed_at for tracked in ordered],
        },
    )
    await connection.execute(
        text(
            """
            INSERT INTO versions (item_id, revision, changed_at, content)
            SELECT w.item_id, w.revision, w.changed_at, CAST(w.content AS jsonb)
            FROM unnest(CAST(:ids AS uuid[]), CAST(:revisions AS int[]), CAST(:changed_at AS timestamptz[]), CAST(:contents AS text[]))
                AS w(item_id, revision, changed_at, content)
            """
        ),
        {
            "ids": [version.item.id for version in versions],
            "revisions": [version.revision for version in versions],
            "changed_at": [version.changed_at for version in versions],
            "contents": [encode_item(version.item) for version in versions],
        },
    )


Candidates = tuple[list[Candidate[RecordItem]], list[Candidate[ResponseItem]]]


async def candidates(connection: AsyncConnection, until: Mapping[str, datetime | None]) -> dict[str, Candidates]:
    """The records and responses of schools that may go, as they were at a moment of each school's own, or (None) as they are."""
    rows = await connection.execute(
        text(
            """
            SELECT i.school, i.kind, CAST(v.content AS text) AS content, v.revision, i.included, i.rejected,
                coalesce(r.accepted > 0 OR (r.included > 0 AND NOT r.rejected), false) AS record_sent, i.accepted
            FROM unnest(CAST(:schools AS text[]), CAST(:until AS timestamptz[])) AS w(school, until)
            JOIN items i ON i.school = w.school AND (i.revision > i.included OR i.rejected)
            CROSS JOIN LATERAL (
                SELECT revision, content FROM versions
                WHERE item_id = i.id AND (w.until IS NULL OR changed_at <= w.until) ORDER BY revision DESC LIMIT 1
            ) v
            LEFT JOIN items r ON r.id = i.record_id
            """
        ),
        {"schools": list(until), "until": list(until.values())},
    )
    candidates_by_school: dict[str, Candidates] = {school: ([], []) for school in until}
    for row in rows:
        records, responses = candidates_by_school[row.school]
        state = (row.revision, row.included, row.rejected, row.record_sent, row.accepted)
        if row.kind == "record":
            records.append(Candidate(decode_record(row.content), *state))
        else:
            responses.append(Candidate(decode_response(row.content), *state))
    return candidates_by_school


async def include(connection: AsyncConnection, revisions: Sequence[tuple[uuid.UUID, int]]) -> None:
    """Notes which revisions uploads have taken along, or need not take along any more."""
    if not revisions:
        return
    await connection.execute(
        text(
            """
            WITH going AS (
                SELECT i.id, w.revision FROM items i
                JOIN unnest(CAST(:ids AS uuid[]), CAST(:revisions AS int[])) AS w(id, revision) USING (id)
                ORDER BY i.id FOR NO KEY UPDATE OF i
            )
            UPDATE items i SET included = going.revision, rejected = false FROM going WHERE i.id = going.id
            """
        ),
        {"ids": [item for item, _ in revisions], "revisions": [revision for _, revision in revisions]},
    )


async def lock_of_upload(connection: AsyncConnection, upload: uuid.UUID) -> None:
    """Locks all items of an upload, in order, before several statements write to some of them each."""
    await connection.execute(
        text(
            """
            SELECT i.id FROM items i JOIN upload_items u ON u.item_id = i.id WHERE u.upload_id = :upload
            ORDER BY i.id FOR NO KEY UPDATE OF i
            """
        ),
        {"upload": upload},
    )


async def accept(connection: AsyncConnection, upload: uuid.UUID) -> None:
    """Notes that the Ministry has taken what an upload holds, but for what it rejected."""
    await connection.execute(
        text(
            """
            WITH taken AS (
                SELECT i.id, u.revision FROM items i JOIN upload_items u ON u.item_id = i.id
                WHERE u.upload_id = :upload AND u.reject IS NULL ORDER BY i.id FOR NO KEY UPDATE OF i
            )
            UPDATE items i SET accepted = taken.revision FROM taken WHERE i.id = taken.id
            """
        ),
        {"upload": upload},
    )


async def correct(connection: AsyncConnection, upload: uuid.UUID, items: Sequence[uuid.UUID], *, known: bool) -> None:
    """Learns from the Ministry that it has items which we believed it had not, or the other way round; they go again, rightly named."""
    if not items:
        return
    await connection.execute(
        text(
            """
            WITH wrong AS (
                SELECT i.id, u.revision FROM items i JOIN upload_items u ON u.item_id = i.id
                WHERE u.upload_id = :upload AND i.id = ANY(CAST(:items AS uuid[])) ORDER BY i.id FOR NO KEY UPDATE OF i
            )
            UPDATE items i SET
                accepted = CASE WHEN :known THEN greatest(i.accepted, 1) ELSE 0 END,
                included = CASE WHEN i.included = wrong.revision THEN wrong.revision - 1 ELSE i.included END,
                rejected = CASE WHEN i.included = wrong.revision THEN false ELSE i.rejected END
            FROM wrong WHERE i.id = wrong.id
            """
        ),
        {"upload": upload, "items": list(items), "known": known},
    )


async def put_back(connection: AsyncConnection, ids: Collection[uuid.UUID]) -> None:
    """Lets items go with a later upload after all."""
    if not ids:
        return
    await connection.execute(
        text(
            """
            WITH waiting AS (SELECT id FROM items WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE)
            UPDATE items i SET included = least(i.included, i.accepted), rejected = false FROM waiting w WHERE i.id = w.id
            """
        ),
        {"ids": list(ids)},
    )


async def accepted_of(connection: AsyncConnection, ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Those of these items that the Ministry has taken some revision of."""
    rows = await connection.execute(text("SELECT id FROM items WHERE id = ANY(CAST(:ids AS uuid[])) AND accepted > 0"), {"ids": list(ids)})
    return frozenset(rows.scalars())


async def page(
    connection: AsyncConnection, school: str, *, record: uuid.UUID | None, state: str | None, after: uuid.UUID | None, limit: int
) -> Sequence[RowMapping]:
    """A school's items by id, behind one of them: how far each has come, and why the Ministry did not take it."""
    rows = await connection.execute(
        text(
            """
            SELECT * FROM (
                SELECT i.id, i.kind, i.record_id, i.revision, i.included, i.accepted, i.changed_at,
                    CASE WHEN i.rejected THEN 'rejected' WHEN i.revision > i.included THEN 'waiting'
                        WHEN i.accepted = i.revision THEN 'accepted' WHEN last.status IN ('pending', 'sending') THEN 'on-its-way'
                        WHEN last.id IS NULL THEN 'not-needed' ELSE 'accepted' END AS state,
                    last.id AS upload, last.week, last.number, last.change, last.reject
                FROM items i
                LEFT JOIN LATERAL (
                    SELECT u.id, u.week, u.number, u.status, ui.change, ui.reject FROM upload_items ui JOIN uploads u ON u.id = ui.upload_id
                    WHERE ui.item_id = i.id AND ui.revision = i.included ORDER BY u.place DESC LIMIT 1
                ) last ON true
                WHERE i.school = :school AND i.revision > 0
                    AND (CAST(:record AS uuid) IS NULL OR i.record_id = :record)
                    AND (CAST(:after AS uuid) IS NULL OR i.id > :after)
            ) shown
            WHERE CAST(:state AS text) IS NULL OR state = :state
            ORDER BY id LIMIT :limit
            """
        ),
        {"school": school, "record": record, "state": state, "after": after, "limit": limit},
    )
    return rows.mappings().all()


async def recall(connection: AsyncConnection, upload: uuid.UUID) -> None:
    """Puts the items of an upload back to what the uploads before it, as far as those were not refused too, have said of them."""
    await connection.execute(
        text(
            """
            WITH going AS (
                SELECT i.id FROM items i JOIN upload_items u ON u.item_id = i.id WHERE u.upload_id = :upload
                ORDER BY i.id FOR NO KEY UPDATE OF i
            ), said AS (
                SELECT g.id, last.revision, last.reject FROM going g
                LEFT JOIN LATERAL (
                    SELECT ui.revision, ui.reject FROM upload_items ui JOIN uploads u ON u.id = ui.upload_id
                    WHERE ui.item_id = g.id AND u.status <> 'refused' ORDER BY u.place DESC LIMIT 1
                ) last ON true
            )
            UPDATE items i SET included = coalesce(said.revision, 0), rejected = said.reject IS NOT NULL
            FROM said WHERE i.id = said.id
            """
        ),
        {"upload": upload},
    )


def _tracked(
    item_id: uuid.UUID,
    kind: ItemKind,
    school: str,
    record_id: uuid.UUID,
    knowledge: str | None,
    revision: int,
    changed_at: datetime | None,
) -> Tracked:
    known = None if knowledge is None else _decoders[kind].decode(knowledge)
    return Tracked(Identity(item_id, kind, school, record_id), known, revision, changed_at)
