"""SQL of the changes that are held for a person's decision."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.departures import JudgedChange, digest
from services.ingest.students.changing import RosterChange

HeldState = Literal["held", "released", "discarded", "superseded"]


async def hold(
    connection: AsyncConnection, school: str, document: uuid.UUID, at: datetime, change: RosterChange, judged: JudgedChange
) -> None:
    """Holds a change in place of the one that is held. The same again stays where it is, and stays discarded if it was."""
    newest = (
        await connection.execute(
            text(
                """
                SELECT digest, state FROM held_changes WHERE school = :school ORDER BY received_at DESC, (state = 'held') DESC LIMIT 1
                """
            ),
            {"school": school},
        )
    ).one_or_none()
    if newest is not None and newest.digest == digest(change) and newest.state in ("held", "discarded"):
        return
    await supersede(connection, school, at)
    await connection.execute(
        text(
            """
            INSERT INTO held_changes (id, school, document, received_at, students_off, students_redated, effect, known, reasons, digest)
            VALUES (:id, :school, :document, :at, :off, :redated, CAST(:effect AS jsonb), :known, :reasons, :digest)
            """
        ),
        {
            "id": uuid.uuid4(),
            "school": school,
            "document": document,
            "at": at,
            "off": list(change.off),
            "redated": sorted({entry.student for entry in change.redated} - set(change.off)),
            "effect": judged.effect.model_dump_json(),
            "known": judged.known,
            "reasons": list(judged.dangers),
            "digest": digest(change),
        },
    )


async def supersede(connection: AsyncConnection, school: str, now: datetime) -> None:
    """Ends the change that is held: a newer document says something else."""
    await connection.execute(
        text("UPDATE held_changes SET state = 'superseded', settled_at = :now WHERE school = :school AND state = 'held'"),
        {"school": school, "now": now},
    )


async def settle(
    connection: AsyncConnection, held: uuid.UUID, state: Literal["released", "discarded"], by: str, why: str | None, now: datetime
) -> bool:
    """Ends a change by a person's decision; False when it is not held any more."""
    settled = await connection.execute(
        text(
            """
            UPDATE held_changes SET state = :state, settled_at = :now, settled_by = :by, why = :why WHERE id = :id AND state = 'held'
            """
        ),
        {"id": held, "state": state, "by": by, "why": why, "now": now},
    )
    return settled.rowcount == 1


_COLUMNS = """
    id, school, document, received_at, students_off, students_redated, CAST(effect AS text) AS effect, known, reasons, state,
    settled_at, settled_by, why
"""


async def get(connection: AsyncConnection, held: uuid.UUID, *, lock: bool = False) -> Mapping[str, Any] | None:
    """One change."""
    query = f"SELECT {_COLUMNS} FROM held_changes WHERE id = :id{' FOR UPDATE' if lock else ''}"  # noqa: S608
    row = (await connection.execute(text(query), {"id": held})).mappings().one_or_none()
    return None if row is None else _shown(row)


async def page(
    connection: AsyncConnection, school: str, state: HeldState | None, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """A school's changes, newest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM held_changes
            WHERE school = :school AND (CAST(:state AS text) IS NULL OR state = :state)
                AND (CAST(:at AS timestamptz) IS NULL OR (received_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
            ORDER BY received_at DESC, id DESC LIMIT :limit
            """  # noqa: S608
        ),
        {"school": school, "state": state, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    )
    return [_shown(row) for row in rows.mappings()]


async def forget_settled_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes changes that were settled before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM held_changes WHERE id IN (
                SELECT id FROM held_changes WHERE settled_at <= :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount


async def erase_reasons(connection: AsyncConnection, school: str, student: str) -> int:
    """Takes the words out of the reasons of decisions about changes that a student was among; answers how many."""
    erased = await connection.execute(
        text(
            """
            UPDATE held_changes SET why = 'erased' WHERE school = :school AND why <> 'erased'
                AND (:student = ANY(students_off) OR :student = ANY(students_redated))
            """
        ),
        {"school": school, "student": student},
    )
    return erased.rowcount


def _shown(row: RowMapping) -> Mapping[str, Any]:
    return {**row, "effect": msgspec.json.decode(row["effect"])}
