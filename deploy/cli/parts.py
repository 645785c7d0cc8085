"""`star migrate`, `star serve`, `star work`: the parts one by one, for a cluster."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import click
import uvloop
from fastapi import FastAPI

from deploy.embedded.trees import TREES
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker as run_ingest
from services.moe_sync.app import create_app as create_moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.app import create_app as create_thresholds
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.factory import create_bus
from shared.db.migrate import migrate as migrate_trees
from shared.settings import Settings
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


SERVICES: Final = {
    "ingest": Service(IngestSettings, create_ingest, run_ingest),
    "thresholds": Service(ThresholdsSettings, create_thresholds, run_thresholds),
    "notifier": Service(NotifierSettings, create_notifier, run_notifier),
    "moe-sync": Service(MoeSyncSettings, create_moe_sync, run_moe_sync),
}

service_argument = click.argument("service", type=click.Choice(list(SERVICES)))
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
def serve(service: str, port: int | None) -> None:
    """Serves one service's API until it is told to stop."""
    settings = _with_database(SERVICES[service].settings())
    configure_logging(settings.log_format)
    uvloop.run(_serve(SERVICES[service].create_app(settings), settings, settings.port if port is None else port))


@click.command()
@service_argument
@port_option
def work(service: str, port: int | None) -> None:
    """Runs one service's worker until it is told to stop; its health and metrics are served beside it."""
    settings = _with_database(SERVICES[service].settings())
    configure_logging(settings.log_format)
    uvloop.run(_work(SERVICES[service], settings, settings.port if port is None else port))


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
