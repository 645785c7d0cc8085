"""Records and responses from before go over: nothing is lost, and their histories begin with what is known."""

from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import create_owner_engine
from tests.support.database import url_of

RECORD, RESPONSE = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
OLD = f"""
    INSERT INTO star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days, crossed_on, status,
        created_at, updated_at)
    VALUES ('{RECORD}', '0999', '1', '{RECORD}', '2026-T3', 5, 'crossing', 1, 10, '2026-08-03', 'closed', '2026-08-03 04:00Z', now());
    INSERT INTO responses (id, record_id, activity, occurred_on, staff, note, recorded_by, recorded_at)
    VALUES ('{RESPONSE}', '{RECORD}', 'meeting-with-whanau', '2026-08-04', 'Ms Example', NULL, 'dean', '2026-08-04 04:00Z')
"""


@pytest.fixture
async def engine(postgres_url: str, database_template: str) -> AsyncIterator[AsyncEngine]:
    """An empty database; the role is there, since the template has it."""
    server = await asyncpg.connect(postgres_url)
    await server.execute("CREATE DATABASE records_before")
    engine = create_owner_engine(url_of(postgres_url, "records_before"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA thresholds AUTHORIZATION star_thresholds"))
    yield engine
    await engine.dispose()
    await server.execute("DROP DATABASE records_before WITH (FORCE)")
    await server.close()


async def migrate(engine: AsyncEngine, how: Callable[[Config, str], None], revision: str) -> None:
    def run(connection: Connection) -> None:
        connection.execute(text("SET LOCAL ROLE star_thresholds"))
        connection.execute(text("SET LOCAL search_path TO thresholds"))
        config = Config()
        config.set_main_option("script_location", str(files("services.thresholds") / "migrations"))
        config.attributes.update(connection=connection, schema="thresholds")
        how(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(run)


async def rows(engine: AsyncEngine, *statements: str) -> list[Any]:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL search_path TO thresholds"))
        for statement in statements:
            result = await connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


async def test_what_was_there_goes_over_and_back(engine: AsyncEngine) -> None:
    await migrate(engine, command.upgrade, "0003")
    await rows(engine, *OLD.split(";"))
    before = await rows(engine, "SELECT * FROM star_records"), await rows(engine, "SELECT * FROM responses")

    await migrate(engine, command.upgrade, "0004")
    assert await rows(engine, "SELECT outcome, assigned_to, due_on, reason FROM star_records") == [(None, None, None, None)]
    kept = await rows(engine, "SELECT activity, label, standard, amended_at, withdrawn_by, withdrawn_at FROM responses")
    assert kept == [("meeting-with-whanau", "Meeting with whānau", "meeting-with-whanau", None, None, None)]
    history = await rows(engine, "SELECT action, subject, CAST(response_id AS text), CAST(at AS text) FROM record_history ORDER BY id")
    assert [(action, subject, response, at[:10]) for action, subject, response, at in history] == [
        ("crossed", None, None, "2026-08-03"),
        ("response-recorded", "dean", RESPONSE, "2026-08-04"),
    ]

    await migrate(engine, command.downgrade, "0003")
    assert (await rows(engine, "SELECT * FROM star_records"), await rows(engine, "SELECT * FROM responses")) == before
    await migrate(engine, command.upgrade, "0004")
    assert len(await rows(engine, "SELECT * FROM record_history")) == 2
