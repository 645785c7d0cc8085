"""Brings the schemas up to date: one Alembic tree, one schema, one owner and one service's login for each.

A schema that is in use is brought up revision by revision, each in a transaction of its own, beside running services. No statement waits
for a lock longer than LOCK_TIMEOUT, as all that services ask of the table meanwhile stands behind it; the revision is tried again until
PATIENCE ends. Rule: docs/decisions/0022-expand-migrate-contract.md.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import structlog
from alembic import command, context
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.blockers import Blockers, watching
from shared.db.engine import create_owner_engine
from shared.db.errors import sqlstate_of
from shared.db.finishing import note
from shared.db.indexes import OUTSIDE
from shared.db.logins import keep_revision, make_roles, open_to_service, owner_of, set_password, share
from shared.db.stepping_back import step_forward
from shared.identifiers import lock_key

log = structlog.get_logger()

LOCK_TIMEOUT: Final = timedelta(seconds=1)
"""How long a statement waits for a lock: marks that come in meanwhile wait behind it, so no longer than an ordinary hiccup."""

PATIENCE: Final = timedelta(minutes=1)
"""How long a revision is tried again before it is given up: a batch or a report of ours takes seconds."""

PATIENCE_WITH_ANOTHER: Final = timedelta(minutes=10)
"""How long to wait for another process that migrates: it may build the index of a large table."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
"""Seconds between two tries of a revision, in which all that waited gets its turn."""

HEAD: Final = "head"
"""The newest revision, in Alembic's word."""

LOCKED: Final = frozenset({"55P03", "40P01"})
"""SQLSTATEs: a lock was not to be had in time, or the revision was chosen to end a deadlock."""


class MigrationBlockedError(RuntimeError):
    """Others held for too long what a migration needs; what was not finished is as it was."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One Alembic tree: the package that holds its `migrations` folder, and the schema it builds.

    The services that are `on_bus` may act in the schema that is `common`: that of the bus without a broker. `steps` wait until no older
    release uses the schema (see `finishing`).
    """

    package: str
    schema: str
    common: bool = False
    on_bus: bool = True
    steps: tuple[str, ...] = ()


_NONE: Final[Mapping[str, str]] = MappingProxyType({})


async def migrate(
    database_url: str,
    trees: Sequence[Tree],
    patience: timedelta = PATIENCE,
    until: Mapping[str, str] = _NONE,
    passwords: Mapping[str, str] = _NONE,
) -> None:
    """Upgrades every tree to its head. Safe to run from many processes at once, and beside running services.

    `until` has revisions at which to stop instead, by schema. `patience` is the bound on waiting for locks, for each revision.
    `passwords` are those that services log in with, by schema; others stay as they are.
    The user of the URL must own the database and be allowed to create roles. A schema that a newer release has migrated stays as it is.
    Raises MigrationBlockedError.
    """
    engine = create_owner_engine(database_url)
    try:
        async with _alone(engine):
            for tree in trees:
                await _bring_up(engine, tree, patience, until.get(tree.schema, HEAD))
                log.info("database.migrated", schema=tree.schema)
            async with engine.begin() as connection:
                await connection.run_sync(_let_in, trees, passwords)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Keeps other processes from migrating this database; waits for one that does."""
    key = lock_key("migrate")
    deadline = time.monotonic() + PATIENCE_WITH_ANOTHER.total_seconds()
    async with engine.connect() as connection:
        blockers = Blockers(engine)
        said: tuple[int, ...] = ()
        # Asked again and again: a session that waits in a statement would hold up what builds an index beside the writers.
        while not (await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})).scalar_one():
            await connection.rollback()
            await blockers.look_at_holders(key)
            if blockers.pids != said:
                said = blockers.pids
                log.info("database.migration_waits", for_="another process that migrates", held_by=blockers.described())
            if time.monotonic() > deadline:
                raise MigrationBlockedError(f"another process migrates this database for over {PATIENCE_WITH_ANOTHER}: {blockers}")
            await asyncio.sleep(FIRST_PAUSE)
        await connection.rollback()
        yield


def _let_in(connection: Connection, trees: Sequence[Tree], passwords: Mapping[str, str]) -> None:
    """Finishes the services' logins."""
    for tree in trees:
        if tree.common:
            share(connection, tree.schema, {other.schema for other in trees if other.on_bus} - {tree.schema})
        if tree.schema in passwords:
            set_password(connection, tree.schema, passwords[tree.schema])
    for tree in trees:
        _act_as(connection, tree, "SET LOCAL")
        keep_revision(connection, tree.schema)
        connection.execute(text("RESET ROLE"))


async def _bring_up(engine: AsyncEngine, tree: Tree, patience: timedelta, until: str) -> None:
    config = _config(tree)
    scripts = ScriptDirectory.from_config(config)
    async with engine.begin() as connection:
        await connection.run_sync(_make_schema, tree)
        await connection.run_sync(_act_as, tree, "SET LOCAL")
        there = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
        if there:
            await step_forward(connection, tree.schema)
        at = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none() if there else None
        if at is None:
            # Nobody uses it yet: built whole, or not at all.
            await connection.run_sync(_upgrade, config, until)
            if until == HEAD and tree.steps:
                await note(connection, tree.schema, tree.steps)
            return
    if at not in {script.revision for script in scripts.walk_revisions()}:
        log.warning("database.newer_than_this_release", schema=tree.schema, revision=at)
        return
    for script in reversed(list(scripts.iterate_revisions(until, at))):
        await _take(engine, tree, config, script, patience)


async def _take(engine: AsyncEngine, tree: Tree, config: Config, script: Script, patience: timedelta) -> None:
    """Makes one revision, and tries again while others hold what it needs."""
    deadline = time.monotonic() + patience.total_seconds()
    pause = FIRST_PAUSE
    while True:
        async with engine.connect() as connection, watching(engine, connection) as blockers:
            try:
                await _make(connection, tree, config, script)
                return
            except DBAPIError as error:
                if sqlstate_of(error) not in LOCKED:
                    raise
        name = f"{tree.schema} {script.revision}"
        if time.monotonic() + pause > deadline:
            raise MigrationBlockedError(
                f"the migration {name} did not get what it needs within {patience.total_seconds():.0f} s, as others hold it: {blockers}"
            )
        log.warning("database.migration_waits", for_=name, held_by=blockers.described(), pause=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _make(connection: AsyncConnection, tree: Tree, config: Config, script: Script) -> None:
    if not getattr(script.module, OUTSIDE, False):
        async with connection.begin():
            await connection.run_sync(_act_as, tree, "SET LOCAL")
            await connection.run_sync(_upgrade, config, script.revision)
        return
    # Each statement is kept at once: a revision like this can begin again anywhere.
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    await connection.run_sync(_act_as, tree, "SET")
    await connection.run_sync(_upgrade, config, script.revision)


def _make_schema(connection: Connection, tree: Tree) -> None:
    make_roles(connection, tree.schema)
    owner = owner_of(tree.schema)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tree.schema} AUTHORIZATION {owner}"))
    connection.execute(text(f"SET LOCAL ROLE {owner}"))
    open_to_service(connection, tree.schema)


def _act_as(connection: Connection, tree: Tree, set_: str) -> None:
    """For the transaction (SET LOCAL) or the session (SET)."""
    connection.execute(text(f"{set_} lock_timeout = {LOCK_TIMEOUT // timedelta(milliseconds=1)}"))
    connection.execute(text(f"{set_} ROLE {owner_of(tree.schema)}"))
    connection.execute(text(f"{set_} search_path TO {tree.schema}"))


def _config(tree: Tree) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(tree.package) / "migrations"))
    config.attributes["schema"] = tree.schema
    return config


def _upgrade(connection: Connection, config: Config, revision: str) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


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
