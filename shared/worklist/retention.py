"""The tables that say what items of work are about lose their rows with the items."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.retention import Rule


def gone_with_their_items(name: str, table: str) -> Rule:
    """The rule of a table whose `id` is an item's of the schema's worklist."""
    statement = text(
        f"""
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} t WHERE NOT EXISTS (SELECT FROM work w WHERE w.id = t.id) LIMIT :most FOR UPDATE SKIP LOCKED
        )
        """  # noqa: S608 - a name of ours
    )

    async def forget(connection: AsyncConnection, _: datetime, most: int) -> int:
        deleted = await connection.execute(statement, {"most": most})
        return deleted.rowcount

    return Rule(name, timedelta(0), forget, tables=(table,))
