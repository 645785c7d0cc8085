"""SQL of the key that seals the cursors of lists by name: every process has the same, and a restored database opens its own."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.web.cursors import CursorSeal


async def seal_for(connection: AsyncConnection, order: str) -> CursorSeal:
    """The seal of one order of one list."""
    key = await connection.execute(text("SELECT key FROM cursor_keys"))
    return CursorSeal(key.scalar_one(), order)
