"""Brings the schemas up to date: one Alembic tree, one schema and one role for each owner of tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import structlog
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import create_owner_engine, role_of
from shared.identifiers import lock_key

log = structlog.get_logger()

LOCK_TIMEOUT: Final = "10s"
"""How long a migration waits for a lock that a running service holds before it gives up and leaves everything as it was."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One Alembic tree: the package that holds its `migrations` folder, and the schema it builds."""

    package: str
    schema: str


async def migrate(database_url: str, trees: Sequence[Tree]) -> None:
    """Upgrades every tree to its head, each in one transaction. Safe to run from many processes at once.

    The user of the URL must own the database and be allowed to create roles.
    """
    engine = create_owner_engine(database_url)
    try:
        for tree in trees:
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade, tree)
            log.info("database.migrated", schema=tree.schema)
    finally:
        await engine.dispose()


def _is_role(connection: Connection, role: str) -> bool:
    return bool(connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar())


def _upgrade(connection: Connection, tree: Tree) -> None:
    role = role_of(tree.schema)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("migrate")})
    if not _is_role(connection, role):
        # Roles belong to the whole server, and another database of it may be migrated at the same time.
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        except DBAPIError:
            if not _is_role(connection, role):
                raise
    # From version 16 on, who creates a role is a member of it without being allowed to act as it.
    right = "SET" if (connection.dialect.server_version_info or (0,)) >= (16,) else "MEMBER"
    if not connection.execute(text("SELECT pg_has_role(CURRENT_USER, :role, :right)"), {"role": role, "right": right}).scalar():
        connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tree.schema} AUTHORIZATION {role}"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET LOCAL ROLE {role}"))
    connection.execute(text(f"SET LOCAL search_path TO {tree.schema}"))
    config = Config()
    config.set_main_option("script_location", str(files(tree.package) / "migrations"))
    config.attributes["connection"] = connection
    config.attributes["schema"] = tree.schema
    command.upgrade(config, "head")


def run_environment() -> None:
    """The body of every tree's `env.py`."""
    attributes: dict[str, Any] = context.config.attributes
    schema = attributes["schema"]
    context.configure(
        connection=attributes["connection"],
        version_table_schema=schema,
        include_schemas=True,
        include_name=lambda name, kind, _: kind != "schema" or name == schema,
        transactional_ddl=True,
    )
    context.run_migrations()
