"""SQL of backups: what is unread as a dump begins, who still works on a database, what it holds, and the schemas that make room."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def has_schema(connection: AsyncConnection, schema: str) -> bool:
    """Whether the schema is there."""
    return bool((await connection.execute(text("SELECT to_regnamespace(:schema) IS NOT NULL"), {"schema": schema})).scalar())


async def live_parts(connection: AsyncConnection, schema: str, silent: timedelta) -> int:
    """The processes of a service that announced themselves within this time."""
    if (await connection.execute(text("SELECT to_regclass(:name)"), {"name": f"{schema}.parts"})).scalar() is None:
        return 0
    statement = f"SELECT count(*) FROM {schema}.parts WHERE refreshed > clock_timestamp() - CAST(:silent AS interval)"  # noqa: S608
    return int((await connection.execute(text(statement), {"silent": silent})).scalar_one())


async def unread(connection: AsyncConnection, schemas: Sequence[str], bus: str) -> int:
    """The messages of the bus in the database that groups of these schemas have still to read, each counted once for each group."""
    consumed = " UNION ALL ".join(f"SELECT topic, partition, next_offset FROM {schema}.consumed" for schema in schemas)  # noqa: S608
    statement = f"""
        SELECT coalesce(sum(greatest(p.next_offset - greatest(c.next_offset, p.first_offset), 0)), 0)
        FROM ({consumed}) c JOIN {bus}.partitions p USING (topic, partition)
    """  # noqa: S608
    return int((await connection.execute(text(statement))).scalar_one())


async def snapshot(connection: AsyncConnection) -> str:
    """The name by which other sessions see what this transaction, which has to be REPEATABLE READ, sees; as long as it lasts."""
    return str((await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one())


async def schools(connection: AsyncConnection) -> int:
    """The schools that the database holds."""
    if (await connection.execute(text("SELECT to_regclass('ingest.schools')"))).scalar() is None:
        return 0
    return int((await connection.execute(text("SELECT count(*) FROM ingest.schools"))).scalar_one())


async def make_room(connection: AsyncConnection, schemas: Sequence[str]) -> None:
    """Drops the schemas with all that they hold."""
    for schema in schemas:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))


async def forget_consumed(connection: AsyncConnection, schemas: Sequence[str]) -> None:
    """Forgets how far the groups had read on a bus that is left behind."""
    for schema in schemas:
        await connection.execute(text(f"DELETE FROM {schema}.consumed"))  # noqa: S608
