"""`star migrate`, `star serve`, `star work`: the parts one by one, for a cluster."""

import asyncio
from pathlib import Path
from typing import Any

import click
import uvloop
from fastapi import FastAPI

from deploy.cli.faults import NOT_MIGRATED
from deploy.cli.options import data_option, settings_of, with_database
from deploy.embedded.trees import TREES, tree_of
from deploy.services import SETTINGS, Service, schema_of, service_named
from deploy.topics import prepare_topics
from shared.bus.factory import create_bus
from shared.db.engine import create_engine
from shared.db.errors import is_transient
from shared.db.migrate import migrate as migrate_trees
from shared.db.revisions import lacks_migrations
from shared.settings import ServiceName, Settings
from shared.supervisor import Loop, stop_on_signals, supervise
from shared.telemetry.logging import configure_logging
from shared.telemetry.progress import Progress
from shared.web.operations import create_operations_app
from shared.web.server import serve as serve_until_stopped

service_argument = click.argument("service", type=click.Choice(list(SETTINGS)))
port_option = click.option("--port", type=click.IntRange(0, 65535), help="STAR_PORT, or 8000, by default.")


@click.command()
@data_option
def migrate(data: Path) -> None:
    """Brings the database and the topics up to date."""
    settings = settings_of(data)
    configure_logging(settings.log_format)
    uvloop.run(_migrate(settings))


@click.command()
@service_argument
@port_option
@data_option
def serve(service: ServiceName, port: int | None, data: Path) -> None:
    """Serves one service's API until it is stopped."""
    named, settings = _set_up(service, data)
    uvloop.run(_serve(named.create_app(settings), settings, settings.port if port is None else port))


@click.command()
@service_argument
@port_option
@data_option
def work(service: ServiceName, port: int | None, data: Path) -> None:
    """Runs one service's worker until it is stopped. Serves the worker's health and metrics beside it."""
    named, settings = _set_up(service, data)
    uvloop.run(_work(named, settings, settings.port if port is None else port))


def _set_up(service: ServiceName, data: Path) -> tuple[Service, Any]:
    """The service and its settings. Raises ClickException, or the database's error, where a person has to mend something first."""
    named = service_named(service)
    settings = with_database(named.settings(data=data))
    configure_logging(settings.log_format)
    if asyncio.run(_lacks_migrations(settings, service)):
        raise click.ClickException(NOT_MIGRATED)
    return named, settings


async def _lacks_migrations(settings: Settings, service: ServiceName) -> bool:
    engine = create_engine(settings.database_url, schema_of(service), pool_size=1)
    try:
        async with engine.connect() as connection:
            return await lacks_migrations(connection, tree_of(schema_of(service)))
    except Exception as error:
        # A database that is away comes back, and the service waits for it.
        if is_transient(error):
            return False
        raise
    finally:
        await engine.dispose()


async def _migrate(settings: Settings) -> None:
    await migrate_trees(settings.database_url, TREES)
    bus = create_bus(settings)
    try:
        await prepare_topics(bus, settings.database_url)
    finally:
        await bus.close()


async def _serve(app: FastAPI, settings: Settings, port: int) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    await serve_until_stopped(app, host=settings.host, port=port, stop=stop)


async def _work(service: Service, settings: Settings, port: int) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    progress = Progress()
    app = create_operations_app(progress)
    loops: dict[str, Loop] = {
        "worker": lambda stop: service.run_worker(settings, stop, progress=progress),
        "http": lambda stop: serve_until_stopped(app, host=settings.host, port=port, stop=stop),
    }
    await supervise(loops, stop)
