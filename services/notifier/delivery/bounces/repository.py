"""Bounces, and other reports on letters that had left: SQL. The caller holds the lock of the letter's case."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.bounces.report import ReportKind

Source = Literal["answer", "report", "webhook", "person"]


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report on a delivery: by the mail server at the door (`answer`), or later; or by a person of the school."""

    kind: ReportKind
    status: str
    source: Source
    said_at: datetime | None = None


async def add(connection: AsyncConnection, delivery_id: uuid.UUID, bounce: Bounce, address_id: uuid.UUID | None, now: datetime) -> bool:
    """Keeps it; False when the delivery has a report of that kind already."""
    added = await connection.execute(
        text(
            """
            INSERT INTO bounces (delivery_id, kind, status, source, address_id, said_at, received_at)
            VALUES (:delivery_id, :kind, :status, :source, :address_id, :said_at, :now)
            ON CONFLICT (delivery_id, kind) DO NOTHING
            """
        ),
        {
            "delivery_id": delivery_id,
            "kind": bounce.kind,
            "status": bounce.status,
            "source": bounce.source,
            "address_id": address_id,
            "said_at": bounce.said_at,
            "now": now,
        },
    )
    return added.rowcount == 1


async def copy(connection: AsyncConnection, first: uuid.UUID, others: Collection[uuid.UUID]) -> None:
    """Keeps the reports on a delivery for others that went in its e-mail: a report can be here before it is known that they did. The
    address is judged by the first one alone."""
    await connection.execute(
        text(
            """
            INSERT INTO bounces (delivery_id, kind, status, source, said_at, received_at)
            SELECT o.id, b.kind, b.status, b.source, b.said_at, b.received_at
            FROM bounces b CROSS JOIN unnest(CAST(:others AS uuid[])) AS o(id) WHERE b.delivery_id = :first
            ON CONFLICT (delivery_id, kind) DO NOTHING
            """
        ),
        {"first": first, "others": list(others)},
    )


async def soft_since(connection: AsyncConnection, address_id: uuid.UUID, since: datetime) -> int:
    """How many letters to an address did not arrive since then for no clear reason."""
    return int(
        (
            await connection.execute(
                text(
                    """
                    SELECT count(*) FROM bounces
                    WHERE address_id = :address_id AND kind = 'soft' AND counted AND received_at >= :since
                    """
                ),
                {"address_id": address_id, "since": since},
            )
        ).scalar_one()
    )


async def forget_addresses(connection: AsyncConnection, student_id: uuid.UUID) -> int:
    """Forgets which address the reports on a student's letters came from; answers how many reports."""
    forgotten = await connection.execute(
        text(
            """
            UPDATE bounces SET address_id = NULL, counted = false WHERE address_id IS NOT NULL AND delivery_id IN (
                SELECT d.id FROM deliveries d JOIN letters l ON l.id = d.letter_id WHERE l.student_id = :student_id
            )
            """
        ),
        {"student_id": student_id},
    )
    return forgotten.rowcount
