"""`star migrate`, `star serve`, `star work`: the parts one by one, for a cluster."""

import asyncio
from pathlib import Path
from typing import Any

import click
import structlog
import uvloop
from fastapi import FastAPI

from deploy.cli.faults import NOT_MIGRATED
from deploy.cli.options import data_option, settings_of, with_database
from deploy.cli.tracing import begin_traces
from deploy.embedded.data_folder import DataFolderInUseError
from deploy.embedded.trees import REVISIONS, tree_of
from deploy.logins import finish_all, migrate_all, warn_of_reach
from deploy.services import SETTINGS, Service, schema_of, service_named
from deploy.topics import prepare_topics
from shared.bus.factory import create_bus
from shared.db.engine import create_engine
from shared.db.errors import is_transient
from shared.db.finishing import OlderReleaseError
from shared.db.revisions import lacks_migrations
from shared.db.stepping_back import NoWayBackError
from shared.service_manager import attend, serving
from shared.settings import ServiceName, Settings
from shared.supervisor import Loop, stop_on_signals, supervise
from shared.telemetry.logging import configure_logging
from shared.telemetry.progress import Progress
from shared.web.operations import create_operations_app
from shared.web.server import serve as serve_until_stopped

log = structlog.get_logger()

service_argument = click.argument("service", type=click.Choice(list(SETTINGS)))
port_option = click.option("--port", type=click.IntRange(0, 65535), help="STAR_PORT, or 8000, by default.")


@click.command()
@click.option("--finish", is_flag=True, help="Also notes that no process of an older release runs any more. It can't be taken back.")
@click.option("--back-to", metavar="VERSION", help="Instead has a `star run` of an earlier release start on the data folder again.")
@data_option
def migrate(data: Path, finish: bool, back_to: str | None) -> None:
    """Brings the database and the topics up to date."""
    if back_to is not None:
        _go_back(data, back_to)
        return
    settings = settings_of(data)
    configure_logging(settings.log_format)
    uvloop.run(_migrate(settings, finish=finish))


@click.command()
@service_argument
@port_option
@data_option
def serve(service: ServiceName, port: int | None, data: Path) -> None:
    """Serves one service's API until it is stopped."""
    named, settings = _set_up(service, data)
    progress = Progress()
    app = named.create_app(settings, progress=progress)
    uvloop.run(_serve(app, settings, settings.port if port is None else port, progress))


@click.command()
@service_argument
@port_option
@data_option
def work(service: ServiceName, port: int | None, data: Path) -> None:
    """Runs one service's worker until it is stopped. Serves the worker's health and metrics beside it."""
    named, settings = _set_up(service, data)
    uvloop.run(_work(service, named, settings, settings.port if port is None else port))


def _go_back(data: Path, version: str) -> None:
    if version not in REVISIONS:
        click.echo(f"nothing to do: {version} is no release that needs it")
        return
    # It knows all services, of which a part needs one.
    from deploy.embedded.way_back import go_back  # noqa: PLC0415

    configure_logging(Settings(data=data).log_format)
    try:
        uvloop.run(go_back(data, version))
    except (NoWayBackError, DataFolderInUseError) as error:
        raise click.ClickException(f"there is no way back to {version}: {error}") from error
    click.echo(f"start `star run` of {version} now; the next start of a newer release goes on where this one stood")


def _set_up(service: ServiceName, data: Path) -> tuple[Service, Any]:
    """The service and its settings. Raises ClickException, or the database's error, where a person has to mend something first."""
    named = service_named(service)
    settings = with_database(named.settings(data=data).of_service(service))
    configure_logging(settings.log_format)
    begin_traces()
    if asyncio.run(_lacks_migrations(settings, service)):
        raise click.ClickException(NOT_MIGRATED)
    return named, settings


async def _lacks_migrations(settings: Settings, service: ServiceName) -> bool:
    engine = create_engine(settings.database_url, schema_of(service), pool_size=1)
    try:
        async with engine.connect() as connection:
            if await lacks_migrations(connection, tree_of(schema_of(service))):
                return True
        await warn_of_reach(settings, service)
    except Exception as error:
        # A database that is away comes back, and the service waits for it.
        if not is_transient(error):
            raise
    finally:
        await engine.dispose()
    return False


async def _migrate(settings: Settings, *, finish: bool) -> None:
    await migrate_all(settings)
    if finish:
        try:
            finished = await finish_all(settings)
        except OlderReleaseError as error:
            raise click.ClickException(f"{error}; stop them, then finish") from error
        log.info("database.finished", steps=finished)
    bus = create_bus(settings)
    try:
        await prepare_topics(bus, settings.database_url)
    finally:
        await bus.close()


async def _serve(app: FastAPI, settings: Settings, port: int, progress: Progress) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    loops: dict[str, Loop] = {
        "http": lambda stop: serve_until_stopped(app, host=settings.host, port=port, stop=stop, started=serving),
        "manager": lambda stop: attend(progress, stop),
    }
    await supervise(loops, stop)


async def _work(name: ServiceName, service: Service, settings: Settings, port: int) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    progress = Progress()
    app = create_operations_app(schema_of(name), progress)
    loops: dict[str, Loop] = {
        "worker": lambda stop: service.run_worker(settings, stop, progress=progress),
        "http": lambda stop: serve_until_stopped(app, host=settings.host, port=port, stop=stop, started=serving),
        "manager": lambda stop: attend(progress, stop),
    }
    await supervise(loops, stop)
