"""Health and metrics: what those who run a process ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.telemetry.progress import Check, Progress
from shared.version import VERSION


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


def operations_router(health_of: Callable[[Request], Health]) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Whether this process goes forward")
    async def healthz(request: Request) -> JSONResponse:
        stuck = health_of(request).progress.stuck()
        status = HTTPStatus.SERVICE_UNAVAILABLE if stuck else HTTPStatus.OK
        return JSONResponse({"status": "stuck" if stuck else "ok", "stuck": stuck, "version": VERSION}, status_code=status)

    @router.get("/readyz", summary="Whether what it depends on answers")
    async def readyz(request: Request) -> JSONResponse:
        missing: list[str] = []
        for name, check in tuple(health_of(request).checks.items()):
            try:
                await check()
            except Exception:
                missing.append(name)
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return JSONResponse({"status": "waiting" if missing else "ready", "missing": missing}, status_code=status)

    @router.get("/metrics", summary="Prometheus metrics of this process", response_class=Response)
    async def prometheus() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def create_operations_app(progress: Progress) -> FastAPI:
    """The app of a worker that runs alone."""
    app = FastAPI(title="STAR worker", docs_url=None, redoc_url=None, openapi_url=None)
    health = _WorkerHealth(progress)
    app.include_router(operations_router(lambda _: health))
    return app
