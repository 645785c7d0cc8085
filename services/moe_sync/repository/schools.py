"""SQL of schools and their windows. The row of a school is the lock on both, and on its uploads."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.schools import School
from services.moe_sync.windows import Week

_decoder = msgspec.json.Decoder(School)


@dataclass(frozen=True, slots=True)
class Window:
    """One school's week. `done` once what it had to say was built."""

    id: uuid.UUID
    school: str
    week: Week
    done: bool


async def put(connection: AsyncConnection, school: School) -> bool:
    """Keeps a school, and holds its lock; False when what is there is as new."""
    result = await connection.execute(
        text(
            """
            INSERT INTO schools (school, document, updated_at) VALUES (:school, CAST(:document AS jsonb), :updated_at)
            ON CONFLICT (school) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at
            WHERE schools.updated_at < excluded.updated_at
            """
        ),
        {"school": school.school, "document": msgspec.json.encode(school).decode(), "updated_at": school.updated_at},
    )
    return result.rowcount == 1


async def get(connection: AsyncConnection, number: str) -> School | None:
    """A school as it was last sent."""
    row = (await connection.execute(text("SELECT CAST(document AS text) FROM schools WHERE school = :school"), {"school": number})).scalar()
    return None if row is None else _decoder.decode(row)


async def lock(connection: AsyncConnection, number: str) -> School | None:
    """A school, with the lock that orders whatever builds and settles its uploads, until the transaction ends."""
    row = (
        await connection.execute(
            text("SELECT CAST(document AS text) FROM schools WHERE school = :school FOR NO KEY UPDATE"), {"school": number}
        )
    ).scalar()
    return None if row is None else _decoder.decode(row)


async def close_for_good(connection: AsyncConnection, number: str) -> None:
    """Takes the terms from a school that is gone: no more windows. Its uploads stay."""
    await connection.execute(
        text("UPDATE schools SET document = jsonb_set(document, '{dates}', '[]') WHERE school = :school"), {"school": number}
    )


async def add_window(connection: AsyncConnection, window: uuid.UUID, school: str, week: Week) -> None:
    """Writes a window down, once."""
    await connection.execute(
        text("INSERT INTO windows (id, school, week) VALUES (:id, :school, :week) ON CONFLICT DO NOTHING"),
        {"id": window, "school": school, "week": str(week)},
    )


async def window(connection: AsyncConnection, window_id: uuid.UUID) -> Window | None:
    """A window by its id."""
    row = (await connection.execute(text("SELECT id, school, week, done_at FROM windows WHERE id = :id"), {"id": window_id})).one_or_none()
    return None if row is None else Window(row.id, row.school, Week.parse(row.week), row.done_at is not None)


async def earlier_window_open(connection: AsyncConnection, window: Window) -> bool:
    """Whether a week before this one is still to be built."""
    found = await connection.execute(
        text("SELECT EXISTS (SELECT FROM windows WHERE school = :school AND week < :week AND done_at IS NULL)"),
        {"school": window.school, "week": str(window.week)},
    )
    return bool(found.scalar())


async def finish_window(connection: AsyncConnection, window: uuid.UUID, now: datetime) -> None:
    """Notes that a window has had its say."""
    await connection.execute(text("UPDATE windows SET done_at = :now WHERE id = :id AND done_at IS NULL"), {"id": window, "now": now})
