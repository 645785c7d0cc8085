"""SQL of the response activities that schools' published plans name."""

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import PlanPublished


async def put(connection: AsyncConnection, plan: PlanPublished) -> None:
    """Keeps what the newest published version names."""
    await connection.execute(
        text(
            """
            INSERT INTO plan_promises (school, version, activities) VALUES (:school, :version, CAST(:activities AS jsonb))
            ON CONFLICT (school) DO UPDATE SET version = excluded.version, activities = excluded.activities
            WHERE plan_promises.version < excluded.version
            """
        ),
        {"school": plan.school, "version": plan.version, "activities": msgspec.json.encode(plan.activities).decode()},
    )
