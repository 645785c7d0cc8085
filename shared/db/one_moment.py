"""Transactions that see the database as of one moment: SQL."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def one_moment(connection: AsyncConnection) -> None:
    """Begins a transaction that only reads, and sees the database as of now throughout: what it reads of several tables agrees."""
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
