"""The common parts of the four services' apps: errors, metrics, health, and the caller's rights."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Path
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from shared.audit.refusals import note_refusal
from shared.auth.principal import Role, Scope
from shared.identifiers import SchoolNumber
from shared.settings import ServiceName
from shared.telemetry import metrics
from shared.version import VERSION
from shared.web.docs_pages import create_documented_app
from shared.web.door import Gate, Router, ScopeOf, known_school_number
from shared.web.events_documents import events_documents_router
from shared.web.operations import operations_router
from shared.web.problems import install_problem_handlers
from shared.web.state import STATE, ServiceState, service_state

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[ServiceState]]


def create_service_app(service: ServiceName, summary: str, lifespan: Lifespan, routers: Sequence[Router]) -> FastAPI:
    """An app that serves the routers, the documents, health and metrics."""

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[dict[str, ServiceState]]:
        async with lifespan(app) as state:
            yield {STATE: state}

    app = create_documented_app(title=f"STAR {service}", summary=summary, version=VERSION, lifespan=run)
    install_problem_handlers(app, note_refusal)
    for router in routers:
        app.include_router(router)
    app.include_router(events_documents_router())
    app.include_router(operations_router(lambda request: cast(ServiceState, service_state(request))))
    app.add_middleware(_RequestMetrics, service=service)
    return app


def requires(scope: Scope | ScopeOf | None, *, role: Role = "view", by_group: bool = False) -> Any:
    """A dependency: the caller, whose token holds the scope (for None, any valid token does) and the role, or a higher one.

    Staff who look after a part of a school are turned away, unless the endpoint says `by_group`: then it shows them only their own.
    The door holds to it before it reads a body, and to the school in the path as well.
    """
    return Depends(Gate(scope, role, by_group=by_group))


async def school_in_path(school: Annotated[str, Path(description="School number, four digits", examples=["0999"])]) -> SchoolNumber:
    """The padded school number of the path. Raises ProblemError 404 for what can't be one."""
    return known_school_number(school)


SchoolInPath = Annotated[SchoolNumber, Depends(school_in_path)]


class _RequestMetrics:
    """Counts and times requests by route template, so that no school or student becomes a label."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            metrics.REQUEST_SECONDS.labels(self._service, scope["method"], route, status).observe(time.perf_counter() - started)
