"""The database: whether it answers, has this release's tables, lets each service in as itself, and agrees on the time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.cli.faults import explained
from deploy.doctor.finding import Finding
from deploy.logins import HOW, reached_by
from deploy.services import schema_of
from shared.clock import utc_now
from shared.db.engine import create_engine, create_owner_engine
from shared.db.errors import verdict_of
from shared.db.migrate import Tree
from shared.db.revisions import lacks_migrations
from shared.settings import Settings

SOON: Final = timedelta(seconds=2)
"""Clocks kept by NTP differ by milliseconds."""
FAR: Final = timedelta(minutes=1)
"""From here on, marks are refused as being in the future, and letters go at the wrong time."""


async def look_at_database(database_url: str) -> list[Finding]:
    """Whether it answers, and its clock."""
    engine = create_owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version"))).scalar_one()
            read_only = (await connection.execute(text("SHOW transaction_read_only"))).scalar_one() == "on"
            before = utc_now()
            theirs = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            after = utc_now()
    except Exception as error:
        return [Finding("database", "fail", explained(error) or type(error).__name__, "start it, or correct STAR_DATABASE_URL")]
    finally:
        await engine.dispose()
    # Somewhere between the question and the answer.
    ahead = max(theirs - after, before - theirs, timedelta(0))
    answers = f"PostgreSQL {version.split()[0]} answers"
    if read_only:
        fix = "have STAR_DATABASE_URL name the primary, or all servers with target_session_attrs=read-write"
        return [Finding("database", "fail", f"{answers}, and takes no writes", fix), judge_clocks(ahead)]
    return [Finding("database", "ok", answers), judge_clocks(ahead)]


async def look_at_migrations(database_url: str, trees: Sequence[Tree]) -> Finding:
    """Whether every schema has this release's tables."""
    behind = []
    for tree in trees:
        engine = create_engine(database_url, tree.schema, pool_size=1)
        try:
            if await _behind(engine, tree):
                behind.append(tree.schema)
        finally:
            await engine.dispose()
    if behind:
        return Finding("migrations", "fail", f"not migrated to this release: {', '.join(behind)}", "run `star migrate`")
    return Finding("migrations", "ok", f"{len(trees)} schemas are at this release")


async def _behind(engine: AsyncEngine, tree: Tree) -> bool:
    try:
        async with engine.connect() as connection:
            return await lacks_migrations(connection, tree)
    except DBAPIError as error:
        if verdict_of(error) == "passes":
            raise
        # There is no such role, schema or table.
        return True


async def look_at_logins(settings: Settings) -> Finding:
    """Whether each service can log in, and as nobody else."""
    shared = []
    for service in settings.service_urls:
        try:
            reached = await reached_by(settings, service)
        except Exception as error:
            fix = f"correct STAR_{schema_of(service).upper()}_DATABASE_URL, then run `star migrate`: it sets the password that stands there"
            return Finding("logins", "fail", f"{service}: {explained(error) or type(error).__name__}", fix)
        if reached:
            shared.append(service)
    if shared:
        return Finding("logins", "warn", f"log in as a user who may become other services: {', '.join(shared)}", HOW)
    return Finding("logins", "ok", "each service logs in as itself alone")


def judge_clocks(difference: timedelta) -> Finding:
    """Whether this machine and the database agree on the time."""
    detail = f"this machine and the database differ by {difference.total_seconds():.1f} s"
    fix = "have both machines keep time by NTP (`timedatectl` shows it)"
    if difference > FAR:
        return Finding("clocks", "fail", detail, fix)
    return Finding("clocks", "warn" if difference > SOON else "ok", detail, fix if difference > SOON else None)
