"""Schools, and students with their caregivers: SQL.

Beside each contact stand the ids of its caregivers' addresses, so that whose an address is takes one join. `addresses_at` says which
version of the contact they were written for. A worker of an earlier release changes contacts without them, and contacts from before the
table have none: `index_addresses` makes up for both, a school at a time, when somebody asks.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Caregiver, Contact, School, TermDates, school_of
from services.notifier.contacts.phones import usable_phone
from shared.clock import HOME_ZONE
from shared.events.data import SchoolUpdated, StudentErased
from shared.events.school_years import merged
from shared.identifiers import address_id

_encoder = msgspec.json.Encoder()
_terms = msgspec.json.Decoder(list[TermDates])
_document = msgspec.json.Decoder(SchoolUpdated)
_promises = msgspec.json.Decoder(dict[str, list[str]])
_groups = msgspec.json.Decoder(list[str])
PHONE_END: Final = 7
"""Digits at the end of a telephone number that few others have."""

_caregivers = msgspec.json.Decoder(list[Caregiver])

_SCHOOL = """
    SELECT school, name, timezone, contact_email, CAST(terms AS text), CAST(document AS text), updated_at,
        (SELECT CAST(activities AS text) FROM plan_promises p WHERE p.school = schools.school) AS promises
    FROM schools WHERE school = :school
"""
_COLUMNS = """student_id, school, given_name, family_name, year_level, CAST(caregivers AS text) AS caregivers, updated_at,
    CAST(groups AS text) AS groups, CAST(caregivers_elsewhere AS text) AS caregivers_elsewhere"""


async def put_schools(connection: AsyncConnection, schools: Sequence[School]) -> None:
    """Keeps schools, each there once, beside the terms that are over by what is kept; what is older than that is passed over."""
    for sent in sorted(schools, key=lambda school: school.school):
        kept = await _locked_school(connection, sent.school)
        school = sent if kept is None else school_of(merged(kept.event(), sent.event()))
        await connection.execute(
            text(
                """
                INSERT INTO schools (school, name, timezone, contact_email, terms, document, updated_at)
                VALUES (:school, :name, :timezone, :contact_email, CAST(:terms AS jsonb), CAST(:document AS jsonb), :updated_at)
                ON CONFLICT (school) DO UPDATE SET name = excluded.name, timezone = excluded.timezone,
                    contact_email = excluded.contact_email, terms = excluded.terms, document = excluded.document,
                    updated_at = excluded.updated_at
                WHERE excluded.updated_at > schools.updated_at
                """
            ),
            {
                "school": school.school,
                "name": school.name,
                "timezone": school.timezone,
                "contact_email": school.contact_email,
                "terms": _encoder.encode(school.terms).decode(),
                "document": _encoder.encode(school.document).decode() if school.document is not None else None,
                "updated_at": school.updated_at,
            },
        )


async def school(connection: AsyncConnection, number: str) -> School | None:
    """A school; None for one that was never sent."""
    return _school((await connection.execute(text(_SCHOOL), {"school": number})).one_or_none())


async def schools(connection: AsyncConnection, numbers: Collection[str]) -> dict[str, School]:
    """Those of the schools that were sent, by number."""
    query = _SCHOOL.replace("school = :school", "school = ANY(CAST(:schools AS text[]))")
    rows = await connection.execute(text(query), {"schools": sorted(numbers)})
    return {row.school: sent for row in rows if (sent := _school(row)) is not None}


async def _locked_school(connection: AsyncConnection, number: str) -> School | None:
    return _school((await connection.execute(text(f"{_SCHOOL} FOR UPDATE"), {"school": number})).one_or_none())


def _school(row: Row[Any] | None) -> School | None:
    if row is None:
        return None
    document = _document.decode(row.document) if row.document is not None else None
    promises = _promises.decode(row.promises) if row.promises is not None else {}
    return School(
        row.school, row.name, row.timezone, row.contact_email, tuple(_terms.decode(row.terms)), row.updated_at, document, promises
    )


async def put(connection: AsyncConnection, contacts: Sequence[Contact]) -> tuple[list[uuid.UUID], set[uuid.UUID]]:
    """Keeps contacts, each there once; answers the students that were new or newer than what was kept, and the ids of the addresses that
    they had before."""
    if not contacts:
        return [], set()
    await index_addresses(connection, students=[contact.student_id for contact in contacts])
    ordered = sorted(contacts, key=lambda contact: contact.student_id)
    rows = await connection.execute(
        text(
            """
            INSERT INTO contacts (student_id, school, given_name, family_name, year_level, caregivers, groups, caregivers_elsewhere,
                updated_at, addresses_at)
            SELECT student_id, school, given_name, family_name, year_level, CAST(caregivers AS jsonb), CAST(groups AS jsonb),
                CAST(caregivers_elsewhere AS jsonb), updated_at, updated_at
            FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:schools AS text[]), CAST(:given_names AS text[]), CAST(:family_names AS text[]),
                CAST(:year_levels AS int[]), CAST(:caregivers AS text[]), CAST(:groups AS text[]),
                CAST(:elsewhere AS text[]), CAST(:updated_ats AS timestamptz[])
            ) AS w(student_id, school, given_name, family_name, year_level, caregivers, groups, caregivers_elsewhere, updated_at)
            ON CONFLICT (student_id) DO UPDATE SET school = excluded.school, given_name = excluded.given_name,
                family_name = excluded.family_name, year_level = excluded.year_level, caregivers = excluded.caregivers,
                groups = excluded.groups, caregivers_elsewhere = excluded.caregivers_elsewhere,
                updated_at = excluded.updated_at, addresses_at = excluded.addresses_at
            WHERE excluded.updated_at > contacts.updated_at
            RETURNING student_id
            """
        ),
        {
            "student_ids": [contact.student_id for contact in ordered],
            "schools": [contact.school for contact in ordered],
            "given_names": [contact.given_name for contact in ordered],
            "family_names": [contact.family_name for contact in ordered],
            "year_levels": [contact.year_level for contact in ordered],
            "caregivers": [_encoder.encode(contact.caregivers).decode() for contact in ordered],
            "groups": [_encoder.encode(contact.groups).decode() for contact in ordered],
            "elsewhere": [_encoder.encode(contact.elsewhere).decode() for contact in ordered],
            "updated_ats": [contact.updated_at for contact in ordered],
        },
    )
    newer = [row.student_id for row in rows]
    written = set(newer)
    return newer, await _put_addresses(connection, [contact for contact in ordered if contact.student_id in written])


async def contact(connection: AsyncConnection, student_id: uuid.UUID) -> Contact | None:
    """A student's contact; None for a student who was never sent, or who has left."""
    row = (
        await connection.execute(text(f"SELECT {_COLUMNS} FROM contacts WHERE student_id = :id"), {"id": student_id})  # noqa: S608
    ).one_or_none()
    return None if row is None else _contact(row)


async def contacts_of(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Contact]:
    """The contacts of those of the students who are there."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM contacts WHERE student_id = ANY(CAST(:ids AS uuid[]))"),  # noqa: S608
        {"ids": list(student_ids)},
    )
    return {row.student_id: _contact(row) for row in rows}


async def sharing_a_place(connection: AsyncConnection, contact: Contact, elsewhere: Collection[str]) -> list[tuple[Contact, str | None]]:
    """The other students, of the school and of the schools `elsewhere`, who have a caregiver's e-mail address in common with this one; and
    those of the school whose caregivers may have a mobile in common. By name, each with the key of whom a letter was written, or None. Call
    `index_addresses` before."""
    addresses = [address_id(school, key) for school in {contact.school, *elsewhere} for key in contact.addresses()]
    # The end of a number is the same in all its spellings.
    mobiles = [f"%{phone[-PHONE_END:]}%" for one in contact.caregivers if (phone := usable_phone(one.phone)) is not None]
    rows = await connection.execute(
        text(
            """
            SELECT c.student_id, c.school, c.given_name, c.family_name, c.year_level, c.updated_at,
                CAST(c.caregivers AS text) AS caregivers, CAST(c.groups AS text) AS groups,
                CAST(c.caregivers_elsewhere AS text) AS caregivers_elsewhere,
                (SELECT min(student) FROM cases k WHERE k.student_id = c.student_id) AS student
            FROM contacts c WHERE c.student_id <> :id AND c.student_id IN (
                SELECT student_id FROM contact_addresses WHERE address_id = ANY(CAST(:addresses AS uuid[]))
                UNION
                SELECT m.student_id FROM contacts m WHERE m.school = :school
                    AND regexp_replace(CAST(m.caregivers AS text), '[^0-9]', '', 'g') LIKE ANY(CAST(:mobiles AS text[]))
            )
            ORDER BY c.family_name, c.given_name, c.student_id
            """
        ),
        {"id": contact.student_id, "school": contact.school, "addresses": sorted(addresses), "mobiles": mobiles},
    )
    return [(_contact(row), row.student) for row in rows]


async def school_numbers(connection: AsyncConnection) -> list[str]:
    """The numbers of all schools that were sent."""
    return list((await connection.execute(text("SELECT school FROM schools ORDER BY school"))).scalars())


async def counts_of_schools(connection: AsyncConnection, schools: Collection[str]) -> dict[str, int]:
    """How many students each of the schools has."""
    rows = await connection.execute(
        text("SELECT school, count(*) AS students FROM contacts WHERE school = ANY(CAST(:schools AS text[])) GROUP BY school"),
        {"schools": sorted(schools)},
    )
    return dict.fromkeys(schools, 0) | {row.school: row.students for row in rows}


async def count_of_school(connection: AsyncConnection, school: str) -> int:
    """How many students a school has."""
    return int((await connection.execute(text("SELECT count(*) FROM contacts WHERE school = :school"), {"school": school})).scalar_one())


async def forget(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Deletes students' names and caregivers; answers the ids of the addresses that they had."""
    if not student_ids:
        return set()
    await index_addresses(connection, students=student_ids)
    had = await _drop_addresses(connection, student_ids)
    await connection.execute(text("DELETE FROM contacts WHERE student_id = ANY(CAST(:ids AS uuid[]))"), {"ids": sorted(student_ids)})
    return had


async def forget_before(connection: AsyncConnection, erased: StudentErased) -> int:
    """Deletes a student's name and caregivers, unless they were sent again after the erasure; answers how many contacts."""
    older = await connection.execute(
        text("SELECT student_id FROM contacts WHERE student_id = :student_id AND updated_at <= :erased_at FOR UPDATE"),
        {"student_id": erased.student_id, "erased_at": erased.erased_at},
    )
    ids = [row.student_id for row in older]
    await forget(connection, ids)
    return len(ids)


async def index_addresses(connection: AsyncConnection, *, schools: Collection[str] = (), students: Collection[uuid.UUID] = ()) -> None:
    """Writes the addresses of those contacts, of these schools or students, that were changed without them."""
    rows = await connection.execute(
        text(
            # Nobody waits here: a row that is locked is being written with its addresses.
            f"""
            SELECT {_COLUMNS} FROM contacts
            WHERE addresses_at IS DISTINCT FROM updated_at
                AND (school = ANY(CAST(:schools AS text[])) OR student_id = ANY(CAST(:students AS uuid[])))
            ORDER BY student_id FOR UPDATE SKIP LOCKED
            """  # noqa: S608
        ),
        {"schools": sorted(schools), "students": sorted(students)},
    )
    stale = [_contact(row) for row in rows]
    if not stale:
        return
    await _put_addresses(connection, stale)
    await connection.execute(
        text("UPDATE contacts SET addresses_at = updated_at WHERE student_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": [contact.student_id for contact in stale]},
    )


async def index_again(connection: AsyncConnection, student_id: uuid.UUID) -> None:
    """Has `index_addresses` write a contact's addresses: they were indexed before homes were."""
    await connection.execute(text("UPDATE contacts SET addresses_at = NULL WHERE student_id = :id"), {"id": student_id})


async def _put_addresses(connection: AsyncConnection, contacts: Sequence[Contact]) -> set[uuid.UUID]:
    """Writes the contacts' addresses in place of those they had; answers the ids of the latter."""
    had = await _drop_addresses(connection, [contact.student_id for contact in contacts])
    rows = [
        (contact.student_id, address_id(contact.school, key), name)
        for contact in contacts
        for key, names in contact.addresses().items()
        for name in names
    ]
    await connection.execute(
        text(
            """
            INSERT INTO contact_addresses (student_id, address_id, caregivers)
            SELECT student_id, address_id, array_agg(caregiver ORDER BY place)
            FROM unnest(CAST(:student_ids AS uuid[]), CAST(:address_ids AS uuid[]), CAST(:caregivers AS text[]))
                WITH ORDINALITY AS w(student_id, address_id, caregiver, place)
            GROUP BY student_id, address_id
            """
        ),
        {
            "student_ids": [student_id for student_id, _, _ in rows],
            "address_ids": [address for _, address, _ in rows],
            "caregivers": [name for _, _, name in rows],
        },
    )
    return had


async def _drop_addresses(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    rows = await connection.execute(
        text("DELETE FROM contact_addresses WHERE student_id = ANY(CAST(:ids AS uuid[])) RETURNING address_id"),
        {"ids": sorted(student_ids)},
    )
    return {row.address_id for row in rows}


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        row.student_id,
        row.school,
        row.given_name,
        row.family_name,
        row.year_level,
        tuple(_caregivers.decode(row.caregivers)),
        row.updated_at,
        tuple(_groups.decode(row.groups)),
        tuple(_caregivers.decode(row.caregivers_elsewhere)),
    )


async def zone_of(connection: AsyncConnection, number: str) -> ZoneInfo:
    """The school's time zone; that of home for a school that has not been sent."""
    sent = await school(connection, number)
    return ZoneInfo(HOME_ZONE if sent is None else sent.timezone)
