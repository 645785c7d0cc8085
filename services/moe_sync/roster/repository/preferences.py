"""SQL of what each school has chosen for its uploads."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.preferences import NONE, Preferences

_COLUMNS = "closes, adapter, nsn, paused_at, paused_by, pause_reason, updated_at, updated_by"


async def get(connection: AsyncConnection, school: str) -> Preferences:
    """A school's choices."""
    row = (await connection.execute(text(f"SELECT {_COLUMNS} FROM preferences WHERE school = :school"), {"school": school})).one_or_none()  # noqa: S608
    return NONE if row is None else Preferences(*row)


async def put(connection: AsyncConnection, school: str, chosen: Preferences) -> None:
    """Keeps a school's choices. The caller holds the school's lock."""
    await connection.execute(
        text(
            f"""
            INSERT INTO preferences (school, {_COLUMNS})
            VALUES (:school, :closes, :adapter, :nsn, :paused_at, :paused_by, :pause_reason, :updated_at, :updated_by)
            ON CONFLICT (school) DO UPDATE SET closes = excluded.closes, adapter = excluded.adapter, nsn = excluded.nsn,
                paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason,
                updated_at = excluded.updated_at, updated_by = excluded.updated_by
            """  # noqa: S608
        ),
        {"school": school} | {name: getattr(chosen, name) for name in Preferences.__slots__},
    )
