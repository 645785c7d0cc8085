"""The services by name: their settings, apps and workers, each imported when it is asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from shared.settings import ServiceName, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

SETTINGS: Final[dict[ServiceName, str]] = {
    "ingest": "IngestSettings",
    "thresholds": "ThresholdsSettings",
    "notifier": "NotifierSettings",
    "moe-sync": "MoeSyncSettings",
    "console": "ConsoleSettings",
}
"""The settings class of each service; `app.create_app` and `worker.run_worker` have the same names in all."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is built from its settings."""

    settings: Callable[..., Any]
    create_app: Callable[..., "FastAPI"]
    run_worker: Callable[..., Awaitable[None]]


def service_named(name: ServiceName) -> Service:
    """The service, imported now: a process that serves one has no use for the others."""
    package = _package(name)
    return Service(
        settings=_settings_class(name),
        create_app=import_module(f"{package}.app").create_app,
        run_worker=import_module(f"{package}.worker").run_worker,
    )


def settings_classes() -> list[type[Settings]]:
    """The settings of all services."""
    return [_settings_class(name) for name in SETTINGS]


def schema_of(name: ServiceName) -> str:
    """The database schema of a service."""
    return name.replace("-", "_")


def _package(name: ServiceName) -> str:
    return f"services.{schema_of(name)}"


def _settings_class(name: ServiceName) -> type[Settings]:
    settings: type[Settings] = getattr(import_module(f"{_package(name)}.settings"), SETTINGS[name])
    return settings
