"""The four APIs as they are served, on one database, and the operations of their OpenAPI documents: what holds for all is tried on all."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from services.moe_sync import app as moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.thresholds import app as thresholds
from services.thresholds.settings import ThresholdsSettings
from shared.bus.embedded.bus import EmbeddedBus
from shared.clock import Clock
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token

METHODS: Final = ("get", "put", "post", "patch", "delete")

UNNAMED: Final = {
    "school": "0999",
    "student": "12345",
    "threshold": "5",
    "version": "1",
    "event": "nz.star.threshold.crossed.v1",
    "language": "mi",
}
"""The value in a path for each parameter that is no id of its own."""

NOBODY: Final = "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"
"""An id that nothing has."""


@dataclass(frozen=True)
class Operation:
    """An operation of a service: `key` names it in tables, `GET /v1/...`."""

    service: str
    method: str
    path: str
    document: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return [part[1 : part.index("}")] for part in self.path.split("/") if part.startswith("{")]

    def at(self, **named: str) -> str:
        """Its path, with these values; of the rest, what is usual, or an id that nothing has."""
        values = dict.fromkeys(self.parameters, NOBODY) | UNNAMED | named
        return self.path.format(**values)


@dataclass
class FourApis:
    """Requests to any of the four."""

    data: Path
    urls: dict[str, str]
    http: httpx.AsyncClient
    operations: list[Operation]

    def of_api(self) -> Iterator[Operation]:
        """The operations under `/v1`."""
        return (operation for operation in self.operations if operation.path.startswith("/v1/"))

    async def send(self, operation: Operation, path: str, headers: dict[str, str], **arguments: Any) -> httpx.Response:
        """A request of the operation at this path."""
        return await self.http.request(operation.method, f"{self.urls[operation.service]}{path}", headers=headers, **arguments)

    def token(self, *scopes: str, schools: tuple[str, ...] = ("0999",), **staff: Any) -> dict[str, str]:
        """The header of a token."""
        return bearer(local_token(self.data, scopes, schools, **staff))


@asynccontextmanager
async def four_apis(database_url: str, data: Path, clock: Clock, **settings: Any) -> AsyncIterator[FourApis]:
    """Serves them."""
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=10))
    await bus.ensure_topics()
    await bus.close()
    common: dict[str, Any] = {"data": data, "database_url": database_url, "database_pool": 4, **settings}
    apps: dict[str, FastAPI] = {
        "ingest": ingest.create_app(IngestSettings(**common), clock=clock),
        "thresholds": thresholds.create_app(ThresholdsSettings(**common), clock=clock),
        "notifier": notifier.create_app(NotifierSettings(**common, webhook_allow="127.0.0.0/8"), clock=clock),
        "moe-sync": moe_sync.create_app(MoeSyncSettings(**common), clock=clock),
    }
    operations = [
        Operation(service, method.upper(), path, item[method])
        for service, app in apps.items()
        for path, item in app.openapi()["paths"].items()
        for method in METHODS
        if method in item
    ]
    async with AsyncExitStack() as stack:
        urls = {service: await stack.enter_async_context(serving(app)) for service, app in apps.items()}
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        yield FourApis(data, urls, http, operations)
