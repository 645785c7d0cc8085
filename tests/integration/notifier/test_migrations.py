"""Every migration of the notifier can be taken back, and leaves what was there before it."""

from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shared.db.engine import create_owner_engine

SCHEMA = "notifier"
ROWS = (
    """
    INSERT INTO templates (school, threshold, language, version, subject, body, saved_by, saved_at)
    VALUES ('0999', 5, 'en', 1, 'subject', 'body', 'test', now()), ('0999', 5, 'en', 2, NULL, NULL, 'test', now())
    """,
    """
    INSERT INTO trials (id, school, threshold, status, sender_name, message_id, reason, asked_by, created_at)
    VALUES (gen_random_uuid(), '0999', 5, 'failed', 'School', '<1@example.test>', 'RCPT 550', 'test', now())
    """,
    "INSERT INTO work (id, kind, due_at, created_at) VALUES (gen_random_uuid(), 'trial', now(), now())",
)


async def test_down_and_up_again(database_url: str) -> None:
    engine = create_owner_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(_down_and_up_again)
    await engine.dispose()


def _down_and_up_again(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL ROLE star_{SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
    config = Config()
    config.set_main_option("script_location", str(files("services.notifier") / "migrations"))
    config.attributes |= {"connection": connection, "schema": SCHEMA}
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    for row in ROWS:
        connection.execute(text(row))

    down = {}
    for revision in [*revisions[1:], "base"]:
        command.downgrade(config, revision)
        down[revision] = _shape(connection)
    up = {"base": _shape(connection)}
    for revision in reversed(revisions):
        command.upgrade(config, revision)
        up[revision] = _shape(connection)

    assert down == {revision: up[revision] for revision in down}
    assert down["base"] == []


def _shape(connection: Connection) -> list[Any]:
    """Tables with their columns, constraints and indexes; columns in any order."""
    rows = connection.execute(
        text(
            """
            SELECT table_name, 'column', column_name, data_type || is_nullable || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = :schema
            UNION ALL
            SELECT tablename, 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = :schema
            UNION ALL
            SELECT conrelid::regclass::text, 'constraint', '', pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = CAST(:schema AS regnamespace)
            ORDER BY 1, 2, 3, 4
            """
        ),
        {"schema": SCHEMA},
    )
    return [tuple(row) for row in rows if row[0] != "alembic_version"]
