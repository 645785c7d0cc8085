"""The schools' SQL."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.schools.schemas import School
from shared.clock import HOME_ZONE


async def school(connection: AsyncConnection, number: str) -> School | None:
    """The school as it was last sent."""
    document = (
        await connection.execute(text("SELECT CAST(document AS text) FROM schools WHERE school = :school"), {"school": number})
    ).scalar()
    return None if document is None else School.model_validate_json(document)


async def marked_school(connection: AsyncConnection, number: str) -> School | None:
    """The school as it was last sent, if days of it have been marked; its row is locked for the caller's transaction."""
    query = "SELECT CAST(document AS text) FROM schools WHERE school = :school AND marked_at IS NOT NULL FOR UPDATE"
    document = (await connection.execute(text(query), {"school": number})).scalar()
    return None if document is None else School.model_validate_json(document)


async def note_marked(connection: AsyncConnection, number: str, now: datetime) -> None:
    """Notes that days of the school have been marked; the first time stays."""
    await connection.execute(
        text("UPDATE schools SET marked_at = :now WHERE school = :school AND marked_at IS NULL"), {"school": number, "now": now}
    )


async def zone_of(connection: AsyncConnection, number: str) -> ZoneInfo:
    """The school's time zone; that of home for a school that has not been sent."""
    sent = await school(connection, number)
    return ZoneInfo(HOME_ZONE if sent is None else sent.timezone)


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
            {"school": stored.school, "document": stored.model_dump_json(exclude_defaults=True), "now": now},
        )
    ).scalar_one()
    return updated_at
