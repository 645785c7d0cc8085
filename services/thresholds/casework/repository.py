"""SQL of casework. A writer holds the school's lock."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework.piece import Kind, Piece, Version
from services.thresholds.register.repository.retention import before_term

_COLUMNS = """
    id, kind, school, student, student_id, term, at, status, due_on, document, version, record_id, response_id, made_by, made_at,
    updated_at
"""


async def add(connection: AsyncConnection, piece: Piece) -> None:
    """Keeps a new piece, and its first version."""
    await connection.execute(
        text(
            """
            INSERT INTO casework (id, kind, school, student, student_id, term, at, status, due_on, document, version, record_id,
                response_id, made_by, made_at, updated_at)
            VALUES (:id, :kind, :school, :student, :student_id, :term, :at, :status, :due_on, CAST(:document AS jsonb), :version,
                :record_id, :response_id, :made_by, :made_at, :updated_at)
            """
        ),
        asdict(piece) | {"document": _json(piece.document)},
    )
    await _keep_version(connection, piece, piece.made_by)


async def change(connection: AsyncConnection, piece: Piece, by: str) -> None:
    """Writes the next version of a piece."""
    changed = await connection.execute(
        text(
            """
            UPDATE casework SET term = :term, at = :at, status = :status, due_on = :due_on, document = CAST(:document AS jsonb),
                version = :version, record_id = :record_id, response_id = :response_id, updated_at = :updated_at
            WHERE id = :id AND version = :version - 1
            """
        ),
        asdict(piece) | {"document": _json(piece.document)},
    )
    assert changed.rowcount == 1, "the school's lock was not held"
    await _keep_version(connection, piece, by)


async def get(connection: AsyncConnection, kind: Kind, piece_id: uuid.UUID) -> Piece | None:
    """One piece of a kind."""
    found = await _select(connection, "kind = :kind AND id = :id", {"kind": kind, "id": piece_id})
    return found[0] if found else None


async def versions(connection: AsyncConnection, piece_id: uuid.UUID) -> list[Version]:
    """All versions of a piece, oldest first."""
    rows = await connection.execute(
        text("SELECT version, document, saved_by, saved_at FROM casework_versions WHERE item = :item ORDER BY version").columns(
            document=JSONB
        ),
        {"item": piece_id},
    )
    return [Version(**row) for row in rows.mappings()]


async def of_student(connection: AsyncConnection, ids: Sequence[uuid.UUID], term: str | None = None) -> list[Piece]:
    """All pieces of a student, of one term or of all, oldest first."""
    condition = "student_id = ANY(CAST(:ids AS uuid[])) AND (CAST(:term AS text) IS NULL OR term = :term)"
    return await _select(connection, f"{condition} ORDER BY at, id", {"ids": list(ids), "term": term})


async def page(
    connection: AsyncConnection,
    kind: Kind,
    ids: Sequence[uuid.UUID],
    term: str | None,
    before: tuple[datetime, uuid.UUID] | None,
    limit: int,
    *,
    include_withdrawn: bool = True,
) -> list[Piece]:
    """A student's pieces of a kind, newest first; `before` is the place of the last one seen."""
    conditions = ["kind = :kind", "student_id = ANY(CAST(:ids AS uuid[]))"]
    if not include_withdrawn:
        conditions.append("status <> 'withdrawn'")
    values: dict[str, object] = {"kind": kind, "ids": list(ids), "limit": limit}
    if term is not None:
        conditions.append("term = :term")
        values["term"] = term
    if before is not None:
        conditions.append("(at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid))")
        values |= {"before_at": before[0], "before_id": before[1]}
    return await _select(connection, f"{' AND '.join(conditions)} ORDER BY at DESC, id DESC LIMIT :limit", values)


async def due(connection: AsyncConnection, school: str, until: date, of_students: Sequence[uuid.UUID] | None, limit: int) -> list[Piece]:
    """The pieces of a school that wait for a person on a day, the longest waiting first."""
    part = "true" if of_students is None else "student_id = ANY(CAST(:of_students AS uuid[]))"
    values: dict[str, object] = {"school": school, "until": until, "limit": limit}
    values |= {} if of_students is None else {"of_students": list(of_students)}
    return await _select(connection, f"school = :school AND due_on <= :until AND {part} ORDER BY due_on, id LIMIT :limit", values)


async def redact(
    connection: AsyncConnection, kind: Kind, student_id: uuid.UUID, nameless: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> int:
    """Takes the words about a student out of their pieces of a kind, and out of every version; answers how many pieces had some."""
    pieces = await _select(connection, "kind = :kind AND student_id = :student_id FOR UPDATE", {"kind": kind, "student_id": student_id})
    redacted = 0
    for piece in pieces:
        for version in await versions(connection, piece.id):
            if (without := nameless(version.document)) != version.document:
                await connection.execute(
                    text("UPDATE casework_versions SET document = CAST(:document AS jsonb) WHERE item = :item AND version = :version"),
                    {"item": piece.id, "version": version.version, "document": _json(without)},
                )
        if (without := nameless(piece.document)) != piece.document:
            await connection.execute(
                text("UPDATE casework SET document = CAST(:document AS jsonb) WHERE id = :id"),
                {"id": piece.id, "document": _json(without)},
            )
            redacted += 1
    return redacted


async def count(connection: AsyncConnection, kind: Kind, student_id: uuid.UUID) -> int:
    """How many pieces of a kind a student has."""
    rows = await connection.execute(
        text("SELECT count(*) FROM casework WHERE kind = :kind AND student_id = :student_id"), {"kind": kind, "student_id": student_id}
    )
    return int(rows.scalar_one())


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` pieces, with their versions, of terms from years before the moment's; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM casework WHERE id IN
                (SELECT id FROM casework WHERE term < :term ORDER BY term, id LIMIT :most FOR UPDATE SKIP LOCKED)
            """
        ),
        {"term": before_term(moment), "most": most},
    )
    return deleted.rowcount


async def _keep_version(connection: AsyncConnection, piece: Piece, by: str) -> None:
    await connection.execute(
        text(
            """
            INSERT INTO casework_versions (item, version, document, saved_by, saved_at)
            VALUES (:item, :version, CAST(:document AS jsonb), :by, :at)
            """
        ),
        {"item": piece.id, "version": piece.version, "document": _json(piece.document), "by": by, "at": piece.updated_at},
    )


async def _select(connection: AsyncConnection, condition: str, values: Mapping[str, object]) -> list[Piece]:
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM casework WHERE {condition}").columns(document=JSONB),  # noqa: S608
        dict(values),
    )
    return [Piece(**row) for row in rows.mappings()]


def _json(document: Mapping[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
