"""Schools and contacts: SQL."""

import uuid
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Caregiver, Contact, School, TermDates
from shared.events.data import SchoolUpdated

_encoder = msgspec.json.Encoder()
_terms = msgspec.json.Decoder(list[TermDates])
_document = msgspec.json.Decoder(SchoolUpdated)
_caregivers = msgspec.json.Decoder(list[Caregiver])


async def put_schools(connection: AsyncConnection, schools: Sequence[School]) -> None:
    """Keeps schools, each there once; what is older than what is kept is passed over."""
    for school in sorted(schools, key=lambda school: school.school):
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
    """A school; None for one that has not been heard of yet."""
    row = (
        await connection.execute(
            text(
                """
                SELECT school, name, timezone, contact_email, CAST(terms AS text), CAST(document AS text), updated_at
                FROM schools WHERE school = :school
                """
            ),
            {"school": number},
        )
    ).one_or_none()
    if row is None:
        return None
    document = _document.decode(row.document) if row.document is not None else None
    return School(row.school, row.name, row.timezone, row.contact_email, tuple(_terms.decode(row.terms)), row.updated_at, document)


async def put_contacts(connection: AsyncConnection, contacts: Sequence[Contact]) -> list[uuid.UUID]:
    """Keeps contacts, each there once; answers those that were new or newer than what was kept."""
    if not contacts:
        return []
    ordered = sorted(contacts, key=lambda contact: contact.student_id)
    rows = await connection.execute(
        text(
            """
            INSERT INTO contacts (student_id, school, given_name, family_name, year_level, caregivers, updated_at)
            SELECT student_id, school, given_name, family_name, year_level, CAST(caregivers AS jsonb), updated_at
            FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:schools AS text[]), CAST(:given_names AS text[]), CAST(:family_names AS text[]),
                CAST(:year_levels AS int[]), CAST(:caregivers AS text[]), CAST(:updated_ats AS timestamptz[])
            ) AS w(student_id, school, given_name, family_name, year_level, caregivers, updated_at)
            ON CONFLICT (student_id) DO UPDATE SET school = excluded.school, given_name = excluded.given_name,
                family_name = excluded.family_name, year_level = excluded.year_level, caregivers = excluded.caregivers,
                updated_at = excluded.updated_at
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
            "updated_ats": [contact.updated_at for contact in ordered],
        },
    )
    return [row.student_id for row in rows]


async def contact(connection: AsyncConnection, student_id: uuid.UUID) -> Contact | None:
    """A student's contact; None for one who has not been heard of, or who has left."""
    row = (
        await connection.execute(
            text(
                """
                SELECT student_id, school, given_name, family_name, year_level, CAST(caregivers AS text), updated_at
                FROM contacts WHERE student_id = :student_id
                """
            ),
            {"student_id": student_id},
        )
    ).one_or_none()
    if row is None:
        return None
    return Contact(
        row.student_id,
        row.school,
        row.given_name,
        row.family_name,
        row.year_level,
        tuple(_caregivers.decode(row.caregivers)),
        row.updated_at,
    )


async def count_of_school(connection: AsyncConnection, school: str) -> int:
    """How many students a school has."""
    return int((await connection.execute(text("SELECT count(*) FROM contacts WHERE school = :school"), {"school": school})).scalar_one())


async def forget(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> None:
    """Deletes students' names and caregivers, also from the letters they were sent."""
    if not student_ids:
        return
    ids = {"student_ids": sorted(student_ids)}
    await connection.execute(text("DELETE FROM contacts WHERE student_id = ANY(CAST(:student_ids AS uuid[]))"), ids)
    await connection.execute(
        text(
            """
            UPDATE deliveries d SET recipient = NULL, subject = NULL, body_text = NULL, body_html = NULL
            FROM letters l WHERE l.id = d.letter_id AND l.student_id = ANY(CAST(:student_ids AS uuid[]))
            """
        ),
        ids,
    )
