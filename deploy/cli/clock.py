"""`star clock`: the latest time that the services have seen, and a person's word that this machine's clock is right."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import click
import uvloop

from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, print_json, print_table
from deploy.services import schema_of
from shared.bus.embedded.bus import SCHEMA as BUS
from shared.clock import utc_now
from shared.clockwatch import repository
from shared.db.engine import create_engine
from shared.settings import ServiceName, Settings

WATCHING: Final[tuple[ServiceName, ...]] = ("ingest", "thresholds", "notifier", "moe-sync")
"""The services whose workers watch the clock."""


@click.group(invoke_without_command=True)
@data_option
@json_option
@click.pass_context
def clock(context: click.Context, data: Path, as_json: bool) -> None:
    """Shows the latest time that each service has seen.

    Where this machine's clock is further ahead than STAR_CLOCK_JUMP, nothing is sent, closed or deleted until the clock has stood for
    STAR_CLOCK_STANDING, or until `star clock accept`.
    """
    if context.invoked_subcommand is not None:
        return
    keep_logs_out()
    settings, now = settings_of(data), utc_now()
    items = [
        {
            "service": schema,
            "last_seen": seen.isoformat() if seen is not None else None,
            "ahead_seconds": round((now - seen).total_seconds()) if seen is not None else None,
            "doubted": seen is not None and now - seen > settings.clock_jump,
        }
        for schema, seen in uvloop.run(_last_seen(settings))
    ]
    if as_json:
        print_json({"now": now.isoformat(), "services": items})
    else:
        print_table(f"Clock: {now.isoformat(timespec='seconds')}", list(items[0]), [list(item.values()) for item in items])


@clock.command()
@data_option
@json_option
def accept(data: Path, as_json: bool) -> None:
    """Says that this machine's clock is right.

    Workers whose clocks agree with it go on within half a minute. Look at the time first: weeks that are closed are not opened again.
    """
    keep_logs_out()
    now = utc_now()
    uvloop.run(_accept(settings_of(data), now))
    if as_json:
        print_json({"accepted": now.isoformat()})
    else:
        click.echo(f"{now.isoformat(timespec='seconds')} is taken for the right time")


def _schemas(settings: Settings) -> Sequence[str]:
    own = [schema_of(name) for name in WATCHING]
    return [*own, BUS] if settings.bus == "embedded" else own


async def _last_seen(settings: Settings) -> list[tuple[str, datetime | None]]:
    found: list[tuple[str, datetime | None]] = []
    for schema in _schemas(settings):
        engine = create_engine(settings.database_url, schema, pool_size=1)
        try:
            async with engine.connect() as connection:
                found.append((schema, await repository.last_seen(connection)))
        finally:
            await engine.dispose()
    return found


async def _accept(settings: Settings, now: datetime) -> None:
    for schema in _schemas(settings):
        engine = create_engine(settings.database_url, schema, pool_size=1)
        try:
            async with engine.begin() as connection:
                await repository.accept(connection, now)
        finally:
            await engine.dispose()
