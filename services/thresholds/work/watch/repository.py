"""SQL of the schools' watches."""

from dataclasses import asdict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.work.watch.runs import OFF, Watch


async def of_school(connection: AsyncConnection, school: str) -> Watch:
    """The school's watch; all of it is off until the school has set it."""
    rows = await connection.execute(
        text("SELECT absent_in_a_row, unexplained_in_a_row, back_after FROM watches WHERE school = :school"), {"school": school}
    )
    row = rows.mappings().one_or_none()
    return OFF if row is None else Watch(**row)


async def put(connection: AsyncConnection, school: str, watch: Watch) -> None:
    """Keeps a school's watch."""
    await connection.execute(
        text(
            """
            INSERT INTO watches (school, absent_in_a_row, unexplained_in_a_row, back_after)
            VALUES (:school, :absent_in_a_row, :unexplained_in_a_row, :back_after)
            ON CONFLICT (school) DO UPDATE SET absent_in_a_row = excluded.absent_in_a_row,
                unexplained_in_a_row = excluded.unexplained_in_a_row, back_after = excluded.back_after
            """
        ),
        {"school": school, **asdict(watch)},
    )
