"""The schools' SQL."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.schools.schemas import School


async def school(connection: AsyncConnection, number: str) -> School | None:
    """The school as it was last sent."""
    document = (
        await connection.execute(text("SELECT CAST(document AS text) FROM schools WHERE school = :school"), {"school": number})
    ).scalar()
    return None if document is None else School.model_validate_json(document)


async def put_school(connection: AsyncConnection, stored: School, now: datetime) -> datetime:
    """Stores a school, and answers the moment it was updated at: later than any before, so that readers can tell the newest."""
    updated_at: datetime = (
        await connection.execute(
            text(
                """
                INSERT INTO schools (school, document, updated_at) VALUES (:school, CAST(:document AS jsonb), :now)
                ON CONFLICT (school) DO UPDATE SET document = excluded.document,
                    updated_at = greatest(excluded.updated_at, schools.updated_at + interval '1 microsecond')
                RETURNING updated_at
                """
            ),
            {"school": stored.school, "document": stored.model_dump_json(), "now": now},
        )
    ).scalar_one()
    return updated_at
