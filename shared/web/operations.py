"""Health and metrics: what those who run a process ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from shared.telemetry.exposition import metrics_of
from shared.telemetry.progress import Check, Progress
from shared.version import VERSION
from shared.web.door import Router
from shared.web.openapi.successes import sends
from shared.web.problems import install_problem_handlers


class Health(Protocol):
    """The state that health is judged by."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks of `/readyz`, by name; each raises when its dependency does not answer."""

    @property
    def progress(self) -> Progress:
        """The loops that `/healthz` looks at."""


@dataclass(frozen=True, slots=True)
class _WorkerHealth:
    progress: Progress

    @property
    def checks(self) -> Mapping[str, Check]:
        return self.progress.checks


class HealthOut(BaseModel):
    """Whether the loops of the process go forward."""

    status: Literal["ok", "stuck"]
    stuck: list[str]
    version: str


class ReadinessOut(BaseModel):
    """Whether what the process depends on answers."""

    status: Literal["ready", "waiting"]
    missing: list[str]


def _stuck(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {HTTPStatus.SERVICE_UNAVAILABLE: {"model": model, "description": "The process does not go forward, or can't yet"}}


_METRICS: Final = sends("The metrics, in the text format of Prometheus.", "text/plain")


def operations_router(schema: str, health_of: Callable[[Request], Health]) -> Router:
    """`/healthz`, `/readyz` and `/metrics` of the schema's service."""
    router = Router(tags=["operations"])

    @router.get("/healthz", summary="Whether this process goes forward", response_model=HealthOut, responses=_stuck(HealthOut))
    async def get_health(request: Request) -> JSONResponse:
        stuck = health_of(request).progress.stuck()
        status = HTTPStatus.SERVICE_UNAVAILABLE if stuck else HTTPStatus.OK
        return JSONResponse({"status": "stuck" if stuck else "ok", "stuck": stuck, "version": VERSION}, status_code=status)

    @router.get("/readyz", summary="Whether what it depends on answers", response_model=ReadinessOut, responses=_stuck(ReadinessOut))
    async def get_readiness(request: Request) -> JSONResponse:
        missing: list[str] = []
        for name, check in tuple(health_of(request).checks.items()):
            try:
                await check()
            except Exception:
                missing.append(name)
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return JSONResponse({"status": "waiting" if missing else "ready", "missing": missing}, status_code=status)

    @router.get("/metrics", summary="Prometheus metrics of this service in this process", response_class=Response, responses=_METRICS)
    async def get_metrics() -> Response:
        return Response(metrics_of(schema), media_type=CONTENT_TYPE_LATEST)

    return router


def create_operations_app(schema: str, progress: Progress) -> FastAPI:
    """The app of a worker that runs alone."""
    app = FastAPI(title="STAR worker", docs_url=None, redoc_url=None, openapi_url=None)
    install_problem_handlers(app)
    health = _WorkerHealth(progress)
    app.include_router(operations_router(schema, lambda _: health))
    return app
