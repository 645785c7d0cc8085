"""`star migrate`, `star serve`, `star work`: the parts one by one, for a cluster."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import click
import uvloop
from fastapi import FastAPI

from deploy.embedded.trees import TREES
from shared.bus.factory import create_bus
from shared.db.migrate import migrate as migrate_trees
from shared.settings import ServiceName, Settings
from shared.supervisor import Loop, stop_on_signals, supervise
from shared.telemetry.logging import configure_logging
from shared.telemetry.progress import Progress
from shared.web.operations import create_operations_app
from shared.web.server import serve as serve_until_stopped


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is built from its settings."""

    settings: Callable[[], Any]
    create_app: Callable[..., FastAPI]
    run_worker: Callable[..., Awaitable[None]]


SETTINGS: Final[dict[ServiceName, str]] = {
    "ingest": "IngestSettings",
    "thresholds": "ThresholdsSettings",
    "notifier": "NotifierSettings",
    "moe-sync": "MoeSyncSettings",
}
"""The settings class of each service; `app.create_app` and `worker.run_worker` have the same names in all."""


def service_named(name: ServiceName) -> Service:
    """The service, imported now: a process that serves one has no use for the others."""
    package = f"services.{name.replace('-', '_')}"
    return Service(
        settings=getattr(import_module(f"{package}.settings"), SETTINGS[name]),
        create_app=import_module(f"{package}.app").create_app,
        run_worker=import_module(f"{package}.worker").run_worker,
    )


service_argument = click.argument("service", type=click.Choice(list(SETTINGS)))
port_option = click.option("--port", type=click.IntRange(0, 65535), help="STAR_PORT, or 8000, by default.")


@click.command()
def migrate() -> None:
    """Brings the database's schemas and the bus's topics up to date."""
    settings = _with_database(Settings())
    configure_logging(settings.log_format)
    uvloop.run(_migrate(settings))


@click.command()
@service_argument
@port_option
def serve(service: ServiceName, port: int | None) -> None:
    """Serves one service's API until it is told to stop."""
    named = service_named(service)
    settings = _with_database(named.settings())
    configure_logging(settings.log_format)
    uvloop.run(_serve(named.create_app(settings), settings, settings.port if port is None else port))


@click.command()
@service_argument
@port_option
def work(service: ServiceName, port: int | None) -> None:
    """Runs one service's worker until it is told to stop; its health and metrics are served beside it."""
    named = service_named(service)
    settings = _with_database(named.settings())
    configure_logging(settings.log_format)
    uvloop.run(_work(named, settings, settings.port if port is None else port))


async def _migrate(settings: Settings) -> None:
    await migrate_trees(settings.database_url, TREES)
    bus = create_bus(settings)
    try:
        await bus.ensure_topics()
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


def _with_database(settings: Any) -> Any:
    if not settings.database_url:
        raise click.UsageError("STAR_DATABASE_URL is not set: the parts need a database of their own (`star run` brings one)")
    return settings
