"""SQL of the schools' own lists of response activities."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.plans.activities.activity import DEFAULT, Activity


async def of_school(connection: AsyncConnection, school: str) -> list[Activity]:
    """The school's list in its order, retired ones included; the standard list where the school has sent none."""
    rows = await connection.execute(
        text("SELECT activity, label, standard, thresholds, retired FROM activities WHERE school = :school ORDER BY place"),
        {"school": school},
    )
    own = [Activity(row.activity, row.label, row.standard, tuple(row.thresholds), row.retired) for row in rows]
    return own or list(DEFAULT)


async def used(connection: AsyncConnection, school: str) -> frozenset[str]:
    """The keys that responses of the school name, withdrawn ones included."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT p.activity FROM star_records r JOIN responses p ON p.record_id = r.id WHERE r.school = :school
            """
        ),
        {"school": school},
    )
    return frozenset(row.activity for row in rows)


async def put(connection: AsyncConnection, school: str, activities: Sequence[Activity]) -> None:
    """Keeps a school's list in this order. The caller holds the school's lock."""
    await connection.execute(text("DELETE FROM activities WHERE school = :school"), {"school": school})
    await connection.execute(
        text(
            """
            INSERT INTO activities (school, activity, place, label, standard, thresholds, retired)
            VALUES (:school, :activity, :place, :label, :standard, :thresholds, :retired)
            """
        ),
        [
            {
                "school": school,
                "activity": activity.activity,
                "place": place,
                "label": activity.label,
                "standard": activity.standard,
                "thresholds": list(activity.thresholds),
                "retired": activity.retired,
            }
            for place, activity in enumerate(activities)
        ],
    )
