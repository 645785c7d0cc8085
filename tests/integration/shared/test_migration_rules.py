"""Every migration since the last release, as it is sent to a database of that release: it only adds, and keeps nobody waiting."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from deploy.embedded.trees import TREES
from shared.db.migrate import migrate
from tests.support.database import url_of
from tests.support.migration_rules import Offence, Statement, offences
from tests.support.releases import HEADS

SMALL: Final = {
    ("bus", "partitions"): "a row for each partition of each topic",
    ("ingest", "schools"): "a row a school, 2,500 in the country",
    ("thresholds", "schools"): "a row a school, 2,500 in the country",
    ("notifier", "schools"): "a row a school, 2,500 in the country",
    ("moe_sync", "schools"): "a row a school, 2,500 in the country",
}
"""Tables that were there in the last release, and are looked through or written anew within milliseconds."""

EXCEPTIONS: Final = {
    ("ingest", "no_forgetting", Offence("changes rows in use", "work")): "items of one kind that no worker claims: a few rows",
    ("notifier", "formats", Offence("looks through the table with everybody shut out", "subscriptions")): "a row a partner: some hundreds",
    ("thresholds", "days_near_the_marks", Offence("drops", "register")): "a column that no release has known",
    ("notifier", "family_news", Offence("refuses what the last release writes", "letters")): "narrower than the index that it replaces",
    ("notifier", "no_erasure", Offence("changes rows in use", "work")): "items of one kind that no worker claims: a few rows",
}
"""Offences that were looked at, by schema and migration, each with the reason why it harms nobody."""


@pytest.fixture
async def last_release(postgres_url: str) -> AsyncIterator[str]:
    """The address of a database as the last release leaves it."""
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE DATABASE last_release")
    url = url_of(postgres_url, "last_release")
    await migrate(url, TREES, until=HEADS)
    yield url
    await connection.execute("DROP DATABASE last_release WITH (FORCE)")
    await connection.close()


@contextmanager
def recorded() -> Iterator[list[tuple[str, str, Statement]]]:
    """The statements that revisions send, each with its schema and the number of its revision."""
    finished: list[tuple[str, str, Statement]] = []
    pending: list[Statement] = []
    schema = ""

    def note(connection: Any, _cursor: Any, sql: str, _parameters: Any, _context: Any, _many: Any) -> None:
        nonlocal schema
        outside = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        if match := re.match(r"SET (?:LOCAL )?search_path TO (\w+)", sql):
            schema = match[1]
            pending.clear()
        elif match := re.match(r"UPDATE (?:\w+\.)?alembic_version SET version_num='(\w+)'", sql):
            finished.extend((schema, match[1], statement) for statement in pending)
            pending.clear()
        else:
            pending.append(Statement(sql, outside))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield finished
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def slugs() -> dict[tuple[str, str], str]:
    """The name of each migration's file without its number, which may still change, by schema and revision."""
    names = {}
    for tree in TREES:
        for file in (files(tree.package) / "migrations" / "versions").iterdir():
            if match := re.match(r"(\d+)_(\w+)\.py$", file.name):
                names[tree.schema, match[1]] = match[2]
    return names


async def test_every_migration_since_the_last_release_only_adds_and_keeps_nobody_waiting(last_release: str) -> None:
    before = await tables(last_release)
    with recorded() as statements:
        await migrate(last_release, TREES)
    new = await tables(last_release) - before
    names = slugs()
    assert {(schema, revision) for schema, revision, _ in statements} == {
        (schema, revision) for schema, revision in names if revision > HEADS.get(schema, revision)
    }

    seen = {
        (schema, names[schema, revision], offence)
        for schema, revision, statement in statements
        for offence in offences(statement, in_schema(new, schema), in_schema(SMALL, schema))
    }
    assert seen - EXCEPTIONS.keys() == set()
    assert EXCEPTIONS.keys() - seen == set(), "exceptions that nothing needs any more"


def in_schema(tables: Any, schema: str) -> set[str]:
    return {table for its_schema, table in tables if its_schema == schema}


async def tables(url: str) -> set[tuple[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'")
        return {tuple(row) for row in rows}
    finally:
        await connection.close()
