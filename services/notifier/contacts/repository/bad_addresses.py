"""Bad addresses, from which letters came back: SQL. Nothing is written to them until they are cleared.

A transaction that marks or clears one and locks cases locks the cases first.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.postal import home_of, written_key
from services.notifier.contacts.recipients import Channel
from services.notifier.contacts.repository import contacts
from shared.identifiers import address_id

Cause = Literal["answer", "bounce", "repeated"]

ROSTER: Final = "roster"
"""Stands as `cleared_by` for an address that the school does not give any more."""

_COLUMNS = "id, channel, address, address_id, status, cause, marked_at"


@dataclass(frozen=True, slots=True)
class BadAddress:
    """An address that nothing is written to. `address_id` stands for it at its school, whatever its spelling."""

    id: uuid.UUID
    channel: Channel
    address: str
    address_id: uuid.UUID
    status: str
    cause: Cause
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class AddressOwner:
    """A student, and the names of those of their caregivers who have the address. `student` is None for one who never had a letter."""

    student_id: uuid.UUID
    student: str | None
    name: str
    caregivers: list[str]


async def mark(
    connection: AsyncConnection,
    school: str,
    channel: Channel,
    address: str,
    *,
    status: str,
    cause: Cause,
    delivery_id: uuid.UUID,
    now: datetime,
) -> bool:
    """Nothing is to be written to the address from now on; False when that is so already. A home comes as it is on the envelope."""
    marked = await connection.execute(
        text(
            """
            INSERT INTO bad_addresses (id, school, channel, address_id, address, status, cause, delivery_id, marked_at)
            VALUES (gen_random_uuid(), :school, :channel, :address_id, :address, :status, :cause, :delivery_id, :now)
            ON CONFLICT (address_id) WHERE cleared_at IS NULL DO NOTHING
            """
        ),
        {
            "school": school,
            "channel": channel,
            "address_id": address_id(school, written_key(address)),
            "address": home_of(address) if channel == "paper" else address,
            "status": status,
            "cause": cause,
            "delivery_id": delivery_id,
            "now": now,
        },
    )
    return marked.rowcount == 1


async def among(connection: AsyncConnection, school: str, keys: Collection[str]) -> set[str]:
    """Those of the keys whose addresses are bad at the school."""
    key_of = {address_id(school, key): key for key in keys}
    if not key_of:
        return set()
    rows = await connection.execute(
        text("SELECT address_id FROM bad_addresses WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": sorted(key_of)},
    )
    return {key_of[row.address_id] for row in rows}


async def among_schools(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the addresses, each as its school and key, that are bad there."""
    key_of = {address_id(school, key): (school, key) for school, key in keys}
    if not key_of:
        return set()
    rows = await connection.execute(
        text("SELECT address_id FROM bad_addresses WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": sorted(key_of)},
    )
    return {key_of[row.address_id] for row in rows}


async def is_bad(connection: AsyncConnection, school: str, address: str) -> bool:
    """Whether nothing is to be written to the address."""
    return bool(await among(connection, school, [written_key(address)]))


async def page(connection: AsyncConnection, school: str, *, before: tuple[datetime, uuid.UUID] | None, most: int) -> list[BadAddress]:
    """A school's bad addresses, the last marked first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM bad_addresses
            WHERE school = :school AND cleared_at IS NULL
                AND (CAST(:before_at AS timestamptz) IS NULL OR (marked_at, id) < (:before_at, CAST(:before_id AS uuid)))
            ORDER BY marked_at DESC, id DESC LIMIT :most
            """  # noqa: S608
        ),
        {"school": school, "before_at": before[0] if before else None, "before_id": before[1] if before else None, "most": most},
    )
    return [BadAddress(*row) for row in rows]


async def get(connection: AsyncConnection, school: str, id_: uuid.UUID) -> BadAddress | None:
    """A bad address of a school; None when the school has no such one, or not any more."""
    row = (
        await connection.execute(
            text(f"SELECT {_COLUMNS} FROM bad_addresses WHERE id = :id AND school = :school AND cleared_at IS NULL"),  # noqa: S608
            {"id": id_, "school": school},
        )
    ).one_or_none()
    return None if row is None else BadAddress(*row)


async def owners(connection: AsyncConnection, school: str, addresses: Collection[BadAddress]) -> dict[uuid.UUID, list[AddressOwner]]:
    """The students of a school whose caregivers have these addresses, by the address's id."""
    by_address: dict[uuid.UUID, list[AddressOwner]] = {address.address_id: [] for address in addresses}
    if not by_address:
        return by_address
    await contacts.index_addresses(connection, schools=[school])
    rows = await connection.execute(
        text(
            """
            SELECT a.address_id, student_id, (SELECT min(student) FROM cases k WHERE k.student_id = c.student_id) AS student,
                rtrim(c.given_name || ' ' || c.family_name) AS name, a.caregivers
            FROM contact_addresses a JOIN contacts c USING (student_id)
            WHERE a.address_id = ANY(CAST(:ids AS uuid[])) ORDER BY c.family_name, c.given_name, student_id
            """
        ),
        {"ids": sorted(by_address)},
    )
    for row in rows:
        by_address[row.address_id].append(AddressOwner(row.student_id, row.student, row.name, row.caregivers))
    return by_address


async def forget_unused(connection: AsyncConnection, school: str) -> int:
    """Deletes the school's bad addresses, cleared ones too, that no student's caregivers have now; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM bad_addresses b WHERE school = :school
                AND NOT EXISTS (SELECT FROM contact_addresses a WHERE a.address_id = b.address_id)
            """
        ),
        {"school": school},
    )
    return deleted.rowcount


async def clear(connection: AsyncConnection, address_ids: Collection[uuid.UUID], by: str, now: datetime) -> None:
    """Letters go to them again, and what came back counts against them no more; the addresses themselves are forgotten."""
    if not address_ids:
        return
    ids = {"ids": sorted(address_ids)}
    await connection.execute(
        text(
            """
            UPDATE bad_addresses SET cleared_at = :now, cleared_by = :by, address = NULL
            WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))
            """
        ),
        {**ids, "by": by, "now": now},
    )
    await connection.execute(text("UPDATE bounces SET counted = false WHERE address_id = ANY(CAST(:ids AS uuid[]))"), ids)


async def clear_disused(connection: AsyncConnection, address_ids: Collection[uuid.UUID], now: datetime) -> None:
    """Clears those of the addresses that are bad and that no student's caregivers have now. One that a school sends again later is new."""
    if not address_ids:
        return
    bad = await connection.execute(
        text("SELECT DISTINCT school FROM bad_addresses WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": sorted(address_ids)},
    )
    schools = [row.school for row in bad]
    if not schools:
        return
    await contacts.index_addresses(connection, schools=schools)
    disused = await connection.execute(
        text(
            """
            SELECT address_id FROM bad_addresses b WHERE cleared_at IS NULL AND address_id = ANY(CAST(:ids AS uuid[]))
                AND NOT EXISTS (SELECT FROM contact_addresses a WHERE a.address_id = b.address_id)
            """
        ),
        {"ids": sorted(address_ids)},
    )
    await clear(connection, [row.address_id for row in disused], ROSTER, now)


async def forget_cleared_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes up to `most` addresses that were cleared before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM bad_addresses WHERE id IN (
                SELECT id FROM bad_addresses WHERE cleared_at < :moment LIMIT :most FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
