"""Leases end by the database's clock, which tests don't move: here is the time that they last, gone by at once."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def leases_run_out(engine: AsyncEngine) -> None:
    """Ends the leases of all work items, and of whoever leads, of the engine's schema, as if their workers were never heard of again."""
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE leases SET until = clock_timestamp()"))
        await connection.execute(text("UPDATE work SET due_at = clock_timestamp() WHERE state = 'leased'"))
