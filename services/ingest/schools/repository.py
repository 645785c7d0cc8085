"""The schools' SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.schools.schemas import School
from shared.clock import HOME_ZONE

CHANNEL: Final = "star_schools"
"""The NOTIFY channel that rings when a school is stored."""

BESIDE: Final = frozenset({"phone", "contact_name", "postal_address", "website", "deans", "staff"})
"""The fields that came after 0.1.0 and bear on no mark. They stand in a column of their own: 0.1.0 takes marks of a school only if it knows
each field of its document. A field that says which days count stays there, so that 0.1.0 refuses marks instead of judging without it."""

_DOCUMENT: Final = "CAST(document || beside AS text)"


class StoredSchool(NamedTuple):
    """A school's row, not read yet. `marked`: days of it have been marked."""

    school: str
    document: str
    updated_at: datetime
    marked: bool

    def read(self) -> School:
        """The school as it was last sent."""
        return School.model_validate_json(self.document)


async def school(connection: AsyncConnection, number: str) -> School | None:
    """The school as it was last sent."""
    document = (
        await connection.execute(text(f"SELECT {_DOCUMENT} FROM schools WHERE school = :school"), {"school": number})  # noqa: S608
    ).scalar()
    return None if document is None else School.model_validate_json(document)


async def changed_since(
    connection: AsyncConnection, known: Mapping[str, datetime], only: Sequence[str] | None = None
) -> list[StoredSchool]:
    """The schools whose `updated_at` is not the known one, of all or of `only` some."""
    rows = await connection.execute(
        text(
            f"""
            SELECT school, {_DOCUMENT}, updated_at, marked_at IS NOT NULL
            FROM schools LEFT JOIN unnest(CAST(:known AS text[]), CAST(:moments AS timestamptz[])) AS k(school, moment) USING (school)
            WHERE updated_at IS DISTINCT FROM moment AND (CAST(:only AS text[]) IS NULL OR school = ANY(CAST(:only AS text[])))
            """  # noqa: S608
        ),
        {"known": list(known), "moments": list(known.values()), "only": only if only is None else list(only)},
    )
    return [StoredSchool(*row) for row in rows]


async def stored(connection: AsyncConnection, number: str, *, lock: bool = False) -> StoredSchool | None:
    """The school as it was last sent. With `lock`, its row is locked for the caller's transaction."""
    query = f"SELECT school, {_DOCUMENT}, updated_at, marked_at IS NOT NULL FROM schools WHERE school = :school"  # noqa: S608
    row = (await connection.execute(text(query + (" FOR UPDATE" if lock else "")), {"school": number})).one_or_none()
    return None if row is None else StoredSchool(*row)


async def roll(connection: AsyncConnection, number: str) -> int:
    """How many students the school has."""
    query = text("SELECT count(*) FROM students WHERE school = :school")
    students: int = (await connection.execute(query, {"school": number})).scalar_one()
    return students


async def note_marked(connection: AsyncConnection, numbers: Sequence[str], now: datetime) -> None:
    """Notes that days of these schools, in order, have been marked; the first time stays."""
    await connection.execute(
        text(
            """
            UPDATE schools SET marked_at = :now FROM
                (SELECT school FROM schools WHERE school = ANY(CAST(:numbers AS text[])) AND marked_at IS NULL ORDER BY school FOR UPDATE) n
            WHERE schools.school = n.school
            """
        ),
        {"numbers": list(numbers), "now": now},
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
                INSERT INTO schools (school, document, beside, updated_at)
                VALUES (:school, CAST(:document AS jsonb), CAST(:beside AS jsonb), :now)
                ON CONFLICT (school) DO UPDATE SET document = excluded.document, beside = excluded.beside,
                    updated_at = greatest(excluded.updated_at, schools.updated_at + interval '1 microsecond')
                RETURNING updated_at
                """
            ),
            {
                "school": stored.school,
                "document": stored.model_dump_json(exclude_defaults=True, exclude=set(BESIDE)),
                "beside": stored.model_dump_json(exclude_defaults=True, include=set(BESIDE)),
                "now": now,
            },
        )
    ).scalar_one()
    await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
    return updated_at
