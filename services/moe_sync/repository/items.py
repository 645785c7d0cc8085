"""SQL of STAR records and responses: what is known of them, their versions, and which are to go."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.batches import Candidate
from services.moe_sync.document import ItemKind, RecordItem, ResponseItem, decode_record, decode_response, encode_item
from services.moe_sync.records import Knowledge, Record, Response
from services.moe_sync.tracking import Place, Tracked, Version

_decoders: dict[ItemKind, msgspec.json.Decoder[Knowledge]] = {
    "record": msgspec.json.Decoder(Record),
    "response": msgspec.json.Decoder(Response),
}


async def lock(connection: AsyncConnection, places: Iterable[Place]) -> dict[uuid.UUID, Tracked]:
    """The items of these places, made where they are new, and locked until the transaction ends."""
    ordered = sorted({place.id: place for place in places}.values(), key=lambda place: place.id)
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
            "ids": [place.id for place in ordered],
            "kinds": [place.kind for place in ordered],
            "schools": [place.school for place in ordered],
            "record_ids": [place.record_id for place in ordered],
        },
    )
    rows = await connection.execute(
        text(
            """
            SELECT id, kind, school, record_id, CAST(knowledge AS text) AS knowledge, revision, changed_at
            FROM items WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
            """
        ),
        {"ids": [place.id for place in ordered]},
    )
    return {row.id: _tracked(*row) for row in rows}


async def save(connection: AsyncConnection, items: Sequence[Tracked], versions: Sequence[Version]) -> None:
    """Writes locked items back, and adds what they became."""
    ordered = sorted(items, key=lambda tracked: tracked.place.id)
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
            "ids": [tracked.place.id for tracked in ordered],
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


async def candidates(
    connection: AsyncConnection, school: str, until: datetime
) -> tuple[list[Candidate[RecordItem]], list[Candidate[ResponseItem]]]:
    """A school's records and responses that may go, as they were at a moment."""
    rows = await connection.execute(
        text(
            """
            SELECT i.kind, CAST(v.content AS text) AS content, v.revision, i.included, i.rejected,
                coalesce(r.included > 0, false) AS record_included
            FROM items i
            CROSS JOIN LATERAL (
                SELECT revision, content FROM versions
                WHERE item_id = i.id AND changed_at <= :until ORDER BY revision DESC LIMIT 1
            ) v
            LEFT JOIN items r ON r.id = i.record_id
            WHERE i.school = :school AND (i.revision > i.included OR i.rejected)
            """
        ),
        {"school": school, "until": until},
    )
    records: list[Candidate[RecordItem]] = []
    responses: list[Candidate[ResponseItem]] = []
    for row in rows:
        state = (row.revision, row.included, row.rejected, row.record_included)
        if row.kind == "record":
            records.append(Candidate(decode_record(row.content), *state))
        else:
            responses.append(Candidate(decode_response(row.content), *state))
    return records, responses


async def include(connection: AsyncConnection, revisions: Sequence[tuple[uuid.UUID, int]]) -> None:
    """Notes which revisions an upload has taken along."""
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
    return Tracked(Place(item_id, kind, school, record_id), known, revision, changed_at)
