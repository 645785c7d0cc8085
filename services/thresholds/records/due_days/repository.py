"""SQL of the schools' own settings of STAR."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.due_days.rule import DEFAULT
from shared.attendance.tiers import THRESHOLDS, Threshold


async def due_after(connection: AsyncConnection, school: str) -> Mapping[Threshold, int | None]:
    """School days after a crossing by which the school wants to have answered; ours, where the school has set none."""
    rows = await connection.execute(
        text("SELECT due_after_5, due_after_10, due_after_15 FROM star_settings WHERE school = :school"), {"school": school}
    )
    row = rows.one_or_none()
    return DEFAULT if row is None else dict(zip(THRESHOLDS, row, strict=True))


async def put(connection: AsyncConnection, school: str, after: Mapping[Threshold, int | None]) -> None:
    """Keeps a school's settings."""
    await connection.execute(
        text(
            """
            INSERT INTO star_settings (school, due_after_5, due_after_10, due_after_15) VALUES (:school, :after_5, :after_10, :after_15)
            ON CONFLICT (school) DO UPDATE SET due_after_5 = excluded.due_after_5, due_after_10 = excluded.due_after_10,
                due_after_15 = excluded.due_after_15
            """
        ),
        {"school": school, **{f"after_{threshold}": after[threshold] for threshold in THRESHOLDS}},
    )
