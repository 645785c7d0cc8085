"""Addresses that letters came back from: SQL. Nothing is written to them until they are cleared."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.bounces import repository as bounces
from services.notifier.delivery.deliveries.repository.deliveries import DeliveryKey

Cause = Literal["answer", "bounce", "repeated"]


@dataclass(frozen=True, slots=True)
class BadAddress:
    """An address that nothing is written to."""

    id: uuid.UUID
    school: str
    channel: str
    address: str
    address_id: uuid.UUID
    status: str
    cause: Cause
    marked_at: datetime


async def mark(connection: AsyncConnection, key: DeliveryKey, address_id: uuid.UUID, status: str, cause: Cause, now: datetime) -> bool:
    """Nothing is to be written to the delivery's address from now on; False when that is so already."""
    marked = await connection.execute(
        text(
            """
            INSERT INTO bad_addresses (id, school, channel, address_id, address, status, cause, delivery_id, marked_at)
            VALUES (gen_random_uuid(), :school, :channel, :address_id, :address, :status, :cause, :delivery_id, :now)
            ON CONFLICT (address_id) WHERE cleared_at IS NULL DO NOTHING
            """
        ),
        {
            "school": key.school,
            "channel": key.channel,
            "address_id": address_id,
            "address": key.recipient,
            "status": status,
            "cause": cause,
            "delivery_id": key.id,
            "now": now,
        },
    )
    return marked.rowcount == 1


async def among(connection: AsyncConnection, address_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these addresses are bad."""
    if not address_ids:
        return set()
    rows = await connection.execute(
        text("SELECT address_id FROM bad_addresses WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": sorted(address_ids)},
    )
    return {row.address_id for row in rows}


async def page(connection: AsyncConnection, school: str, *, before: tuple[datetime, uuid.UUID] | None, most: int) -> list[BadAddress]:
    """A school's bad addresses, the last marked first."""
    rows = await connection.execute(
        text(
            """
            SELECT id, school, channel, address, address_id, status, cause, marked_at FROM bad_addresses
            WHERE school = :school AND cleared_at IS NULL
                AND (CAST(:before_at AS timestamptz) IS NULL OR (marked_at, id) < (:before_at, CAST(:before_id AS uuid)))
            ORDER BY marked_at DESC, id DESC LIMIT :most
            """
        ),
        {"school": school, "before_at": before[0] if before else None, "before_id": before[1] if before else None, "most": most},
    )
    return [BadAddress(**row) for row in rows.mappings()]


async def get(connection: AsyncConnection, school: str, id_: uuid.UUID) -> BadAddress | None:
    """A bad address of a school; None for one that there is not, or not any more."""
    row = (
        (
            await connection.execute(
                text(
                    """
                SELECT id, school, channel, address, address_id, status, cause, marked_at FROM bad_addresses
                WHERE id = :id AND school = :school AND cleared_at IS NULL
                """
                ),
                {"id": id_, "school": school},
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else BadAddress(**row)


async def clear(connection: AsyncConnection, address_ids: Collection[uuid.UUID], by: str, now: datetime) -> int:
    """They are written to again, as if nothing had been; the addresses themselves are forgotten. Answers how many were bad."""
    if not address_ids:
        return 0
    cleared = await connection.execute(
        text(
            """
            UPDATE bad_addresses SET cleared_at = :now, cleared_by = :by, address = NULL
            WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))
            """
        ),
        {"ids": sorted(address_ids), "by": by, "now": now},
    )
    for address_id in sorted(address_ids):
        await bounces.forgive(connection, address_id)
    return cleared.rowcount


async def people_of(connection: AsyncConnection, school: str) -> Sequence[Mapping[str, Any]]:
    """A school's students with their caregivers, for finding whose an address is: student_id, student (None for one who never had a
    letter), given_name, family_name, caregivers (as JSON)."""
    rows = await connection.execute(
        text(
            """
            SELECT student_id, given_name, family_name, CAST(caregivers AS text) AS caregivers,
                (SELECT min(student) FROM cases c WHERE c.student_id = contacts.student_id) AS student
            FROM contacts WHERE school = :school ORDER BY family_name, given_name, student_id
            """
        ),
        {"school": school},
    )
    return [dict(row) for row in rows.mappings()]


async def people(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> Sequence[Mapping[str, Any]]:
    """These students' schools and caregivers (as JSON): student_id, school, caregivers."""
    if not student_ids:
        return []
    rows = await connection.execute(
        text(
            """
            SELECT student_id, school, CAST(caregivers AS text) AS caregivers FROM contacts
            WHERE student_id = ANY(CAST(:ids AS uuid[]))
            """
        ),
        {"ids": sorted(student_ids)},
    )
    return [dict(row) for row in rows.mappings()]
