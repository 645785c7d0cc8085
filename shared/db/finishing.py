"""Steps that wait until no process of an older release uses a schema, such as another form of its rows.

A release that is rolled out part by part reads both forms and writes the old one, which the release before reads. Once only the new one
runs, `star migrate --finish` notes it, and from then on the new form is written. A schema that nobody has used yet is finished from the
start. There is no way back: the release before can't read what is written then. See decision 22.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import application_of, create_owner_engine
from shared.db.logins import login_of, owner_of

FINISHED_STEPS_V1: Final = "CREATE TABLE finished_steps (step text PRIMARY KEY, finished_at timestamptz NOT NULL DEFAULT now())"


class OlderReleaseError(RuntimeError):
    """Processes of another release are connected, which could not read what is written once a step is finished."""


async def finish(database_url: str, steps: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes the steps of each schema as finished; answers those that were not. Raises OlderReleaseError, and changes nothing then."""
    engine = create_owner_engine(database_url)
    try:
        async with engine.begin() as connection:
            finished = []
            for schema, waiting in steps.items():
                others = await _others(connection, schema)
                if others:
                    raise OlderReleaseError(f"sessions of another release use {schema}: {', '.join(others)}")
                finished += [f"{schema} {step}" for step in await note(connection, schema, waiting)]
            return finished
    finally:
        await engine.dispose()


async def note(connection: AsyncConnection, schema: str, steps: Sequence[str]) -> list[str]:
    """Notes steps of a schema as finished, as its owner; answers those that were not."""
    await connection.execute(text(f"SET LOCAL ROLE {owner_of(schema)}"))
    new = await connection.execute(
        text(
            f"""
            INSERT INTO {schema}.finished_steps (step) SELECT unnest(CAST(:steps AS text[]))
            ON CONFLICT DO NOTHING RETURNING step
            """
        ),
        {"steps": list(steps)},
    )
    noted = list(new.scalars())
    await connection.execute(text("RESET ROLE"))
    return noted


async def is_finished(connection: AsyncConnection, step: str) -> bool:
    """Whether a step of the service's schema is finished. Once it is, the connection remembers it."""
    if connection.info.get(step):
        return True
    found = await connection.execute(text("SELECT EXISTS (SELECT FROM finished_steps WHERE step = :step)"), {"step": step})
    finished = bool(found.scalar_one())
    connection.info[step] = finished
    return finished


async def _others(connection: AsyncConnection, schema: str) -> list[str]:
    """The sessions of the schema's service that are not of this release."""
    seen = text(
        """
        SELECT DISTINCT pid, application_name FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND split_part(application_name, ' ', 1) = split_part(:ours, ' ', 1)
            AND application_name <> :ours
        """
    )
    found: set[tuple[int, str]] = set()
    # Who is connected is shown to the same role alone: the service's own, or the one login of the release 0.1.0.
    for role in (login_of(schema), None):
        await connection.execute(text(f"SET LOCAL ROLE {role}" if role else "RESET ROLE"))
        found |= {(row.pid, row.application_name) for row in await connection.execute(seen, {"ours": application_of(schema)})}
    return [f"pid {pid} ({name})" for pid, name in sorted(found)]
