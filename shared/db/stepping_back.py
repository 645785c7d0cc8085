"""The way back to a release that does not start on a schema newer than its own, without losing a row.

Migrations only expand, so such a release can work on the newer tables, and needs no more than to find its own revision where Alembic looks.
The true one stays beside it, as the comment on Alembic's table: the next release that migrates goes on from there.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.logins import owner_of

_MARK: Final = "stands at "

_COMMENT: Final = "SELECT obj_description(to_regclass('{schema}.alembic_version'), 'pg_class')"


class NoWayBackError(RuntimeError):
    """The release can't read what is in the database by now; the message says why."""


async def step_back(connection: AsyncConnection, revisions: Mapping[str, str]) -> None:
    """Gives each schema the revision of a release before. Raises NoWayBackError, and has changed nothing then."""
    for schema, revision in revisions.items():
        finished = text("SELECT to_regclass(:table) IS NOT NULL")
        if (await connection.execute(finished, {"table": f"{schema}.finished_steps"})).scalar_one():
            steps = (await connection.execute(text(f"SELECT step FROM {schema}.finished_steps ORDER BY step"))).scalars().all()  # noqa: S608
            if steps:
                raise NoWayBackError(f"rows of {schema} are written in a form that it does not read ({', '.join(steps)})")
        true = await _true_revision(connection, schema)
        await connection.execute(text(f"SET LOCAL ROLE {owner_of(schema)}"))
        # Revisions are ours, and a comment takes no parameters.
        await connection.execute(text(f"COMMENT ON TABLE {schema}.alembic_version IS '{_MARK}{true}'"))
        await _write(connection, schema, revision)
        await connection.execute(text("RESET ROLE"))


async def step_forward(connection: AsyncConnection, schema: str) -> None:
    """Gives a schema its true revision again, if it was taken back. The connection acts as its owner."""
    comment = (await connection.execute(text(_COMMENT.format(schema=schema)))).scalar_one()
    if comment is not None and comment.startswith(_MARK):
        await _write(connection, schema, comment.removeprefix(_MARK))
        await connection.execute(text(f"COMMENT ON TABLE {schema}.alembic_version IS NULL"))


async def _true_revision(connection: AsyncConnection, schema: str) -> str:
    comment = (await connection.execute(text(_COMMENT.format(schema=schema)))).scalar_one()
    if comment is not None and comment.startswith(_MARK):
        return str(comment.removeprefix(_MARK))
    return str((await connection.execute(text(f"SELECT version_num FROM {schema}.alembic_version"))).scalar_one())  # noqa: S608


async def _write(connection: AsyncConnection, schema: str, revision: str) -> None:
    await connection.execute(text(f"UPDATE {schema}.alembic_version SET version_num = :revision"), {"revision": revision})  # noqa: S608
