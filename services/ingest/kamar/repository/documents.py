"""The SQL of KAMAR's documents: how they come in, where their processing stands, and what became of them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.identifiers import lock_key

Settled = Literal["done", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document that waits, with how far its processing has come: `batches` are applied, with what they counted."""

    id: uuid.UUID
    school: str
    sync: str
    received_at: datetime
    state: str
    chunks: int
    batches: int
    failures: int
    counts: dict[str, int]
    refused: dict[str, int]
    listed: dict[str, int]


async def begin(connection: AsyncConnection, document: uuid.UUID, school: str, username: str, now: datetime) -> None:
    """A document starts to come in. Nobody sees it before `arrived`."""
    await connection.execute(
        text(
            """
            INSERT INTO kamar_documents (id, school, username, sync, received_at, state)
            VALUES (:id, :school, :username, 'unknown', :now, 'arriving')
            """
        ),
        {"id": document, "school": school, "username": username, "now": now},
    )


async def add_chunks(connection: AsyncConnection, document: uuid.UUID, first: int, chunks: Sequence[bytes]) -> None:
    """Keeps the next pieces of a document."""
    await connection.execute(
        text("INSERT INTO kamar_chunks (document, number, data) VALUES (:document, :number, :data)"),
        [{"document": document, "number": first + place, "data": chunk} for place, chunk in enumerate(chunks)],
    )


async def arrived(connection: AsyncConnection, document: uuid.UUID, sync: str, received_at: datetime, chunks: int, size: int) -> None:
    """All of the document is there: from now on it waits to be processed. `received_at` is later than that of the school's last one."""
    await connection.execute(
        text(
            """
            UPDATE kamar_documents SET state = 'waiting', sync = :sync, received_at = :received_at, chunks = :chunks, bytes = :size
            WHERE id = :id
            """
        ),
        {"id": document, "sync": sync, "received_at": received_at, "chunks": chunks, "size": size},
    )


async def note(
    connection: AsyncConnection,
    document: uuid.UUID,
    school: str,
    username: str,
    sync: str,
    size: int,
    now: datetime,
    *,
    error: str | None = None,
) -> None:
    """Notes a document of which nothing is kept: a handshake, a kind that we pass over, or one that was refused with `error`."""
    await connection.execute(
        text(
            """
            INSERT INTO kamar_documents (id, school, username, sync, received_at, state, bytes, error, settled_at)
            VALUES (:id, :school, :username, :sync, :now, :state, :size, :error, :now)
            """
        ),
        {
            "id": document,
            "school": school,
            "username": username,
            "sync": sync,
            "size": size,
            "now": now,
            "error": error,
            "state": "done" if error is None else "refused",
        },
    )


async def drop(connection: AsyncConnection, document: uuid.UUID) -> None:
    """Forgets a document that did not come in to its end."""
    await connection.execute(text("DELETE FROM kamar_documents WHERE id = :id AND state = 'arriving'"), {"id": document})


async def lock_school(connection: AsyncConnection, school: str) -> None:
    """Makes decisions on which of a school's documents goes next one at a time, until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("kamar", school)})


async def others_wait(connection: AsyncConnection, document: uuid.UUID, school: str) -> bool:
    """Whether another document of the school is being worked on, or is in line."""
    row = await connection.execute(
        text("SELECT EXISTS (SELECT FROM kamar_documents WHERE school = :school AND state = 'waiting' AND id <> :id)"),
        {"school": school, "id": document},
    )
    return bool(row.scalar_one())


async def first_waiting(connection: AsyncConnection, school: str) -> uuid.UUID | None:
    """The document of the school that has waited longest."""
    document_id: uuid.UUID | None = (
        await connection.execute(
            text("SELECT id FROM kamar_documents WHERE school = :school AND state = 'waiting' ORDER BY number LIMIT 1"),
            {"school": school},
        )
    ).scalar()
    return document_id


async def stored(connection: AsyncConnection, document: uuid.UUID) -> StoredDocument | None:
    """A document, with how far it has come."""
    row = (
        await connection.execute(
            text(
                """
                SELECT id, school, sync, received_at, state, chunks, batches, failures,
                    CAST(counts AS text) AS counts, CAST(refused AS text) AS refused, CAST(listed AS text) AS listed
                FROM kamar_documents WHERE id = :id
                """
            ),
            {"id": document},
        )
    ).one_or_none()
    return None if row is None else StoredDocument(*row[:8], *(msgspec.json.decode(numbers, type=dict[str, int]) for numbers in row[8:]))


async def chunk(connection: AsyncConnection, document: uuid.UUID, number: int) -> bytes:
    """One piece of a document."""
    data = (
        await connection.execute(
            text("SELECT data FROM kamar_chunks WHERE document = :document AND number = :number"),
            {"document": document, "number": number},
        )
    ).scalar_one()
    return bytes(data)


async def progress(
    connection: AsyncConnection,
    document: uuid.UUID,
    *,
    before: int,
    batches: int,
    counts: Mapping[str, int],
    refused: Mapping[str, int],
    listed: Mapping[str, int],
) -> bool:
    """Writes down how far the document has come; False when another worker has written meanwhile: then nothing of ours may stay."""
    moved = await connection.execute(
        text(
            """
            UPDATE kamar_documents SET batches = :batches, counts = CAST(:counts AS jsonb), refused = CAST(:refused AS jsonb),
                listed = CAST(:listed AS jsonb)
            WHERE id = :id AND state = 'waiting' AND batches = :before
            """
        ),
        {
            "id": document,
            "before": before,
            "batches": batches,
            "counts": msgspec.json.encode(counts).decode(),
            "refused": msgspec.json.encode(refused).decode(),
            "listed": msgspec.json.encode(listed).decode(),
        },
    )
    return moved.rowcount == 1


async def failed_once(connection: AsyncConnection, document: uuid.UUID, error: str) -> None:
    """Notes a failure of ours that will be tried again."""
    await connection.execute(
        text("UPDATE kamar_documents SET failures = failures + 1, error = :error WHERE id = :id AND state = 'waiting'"),
        {"id": document, "error": error},
    )


async def settle(connection: AsyncConnection, document: uuid.UUID, state: Settled, now: datetime, error: str | None = None) -> bool:
    """Ends a document; what is done with does not keep its payload. False when it was settled before."""
    settled = await connection.execute(
        text("UPDATE kamar_documents SET state = :state, error = :error, settled_at = :now WHERE id = :id AND state = 'waiting'"),
        {"id": document, "state": state, "error": error, "now": now},
    )
    if state == "done":
        await forget_payload(connection, document)
    return settled.rowcount == 1


async def forget_payload(connection: AsyncConnection, document: uuid.UUID) -> None:
    """Deletes what the document said, and keeps that there was one."""
    await connection.execute(text("DELETE FROM kamar_chunks WHERE document = :document"), {"document": document})


async def forget_payloads_of(connection: AsyncConnection, school: str) -> int:
    """Deletes what a school's documents that are done with said: nobody can tell whom they name. Answers how many documents."""
    deleted = await connection.execute(
        text(
            """
            WITH gone AS (
                DELETE FROM kamar_chunks c USING kamar_documents d
                WHERE d.id = c.document AND d.school = :school AND d.settled_at IS NOT NULL RETURNING c.document
            )
            SELECT count(DISTINCT document) FROM gone
            """
        ),
        {"school": school},
    )
    return int(deleted.scalar_one())


async def forget_payloads_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes chunks of documents settled before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM kamar_chunks WHERE (document, number) IN (
                SELECT c.document, c.number FROM kamar_chunks c JOIN kamar_documents d ON d.id = c.document
                WHERE d.settled_at <= :moment LIMIT :most FOR UPDATE OF c SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount


async def forget_arriving_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes documents that began to come in before a moment and never arrived; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM kamar_documents WHERE id IN (
                SELECT id FROM kamar_documents WHERE state = 'arriving' AND received_at <= :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount


async def page(connection: AsyncConnection, school: str, before: int | None, limit: int) -> list[Mapping[str, Any]]:
    """A school's documents, newest first."""
    rows = await connection.execute(
        text(
            """
            SELECT number, id, sync, received_at, state, bytes, CAST(counts AS text) AS counts, CAST(refused AS text) AS refused,
                error, settled_at
            FROM kamar_documents
            WHERE school = :school AND state <> 'arriving'
                AND (CAST(:before AS bigint) IS NULL OR number < CAST(:before AS bigint))
            ORDER BY number DESC LIMIT :limit
            """
        ),
        {"school": school, "before": before, "limit": limit},
    )
    return [
        {**row, "counts": msgspec.json.decode(row["counts"]), "refused": msgspec.json.decode(row["refused"])} for row in rows.mappings()
    ]


async def forget_settled_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` documents that were settled before a moment, with what was refused in them; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM kamar_documents WHERE id IN (
                SELECT id FROM kamar_documents WHERE settled_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
