"""The migrations build every schema, and the roles keep them apart."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from deploy.embedded.trees import TREES
from shared.db.engine import create_engine
from shared.db.migrate import migrate


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    await migrate(database_url, TREES)
    connection = await asyncpg.connect(database_url)
    tables = await connection.fetch("SELECT table_schema FROM information_schema.tables WHERE table_name = 'outbox' ORDER BY 1")
    await connection.close()
    assert "ingest" in [row["table_schema"] for row in tables]


async def test_a_service_cannot_read_another_services_tables(database_url: str) -> None:
    engine = create_engine(database_url, "thresholds", pool_size=1)
    async with engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("SELECT * FROM ingest.schools"))
    await engine.dispose()
