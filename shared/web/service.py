"""The common parts of the four services' apps: errors, metrics, health, and the caller's rights."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

import structlog
from fastapi import Depends, FastAPI, Path
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from shared.audit.refusals import note_refusal
from shared.auth.principal import Role, Scope
from shared.identifiers import SchoolNumber
from shared.measures.common import Measure
from shared.measures.measuring import Measuring, measuring
from shared.parts.announcing import Announcer, announcing
from shared.parts.api import parts_router
from shared.settings import ServiceName, Settings
from shared.telemetry import metrics
from shared.telemetry.operation_times import OperationTimes
from shared.telemetry.tracing import traces
from shared.version import VERSION
from shared.web.docs_pages import create_documented_app
from shared.web.door import Gate, Router, ScopeOf, known_school_number
from shared.web.events_documents import events_documents_router
from shared.web.limiting import UNLIMITED, RateLimits
from shared.web.openapi.document import CONTACT, LICENSE, install_document
from shared.web.operations import operations_router
from shared.web.problems import install_problem_handlers
from shared.web.short_way import short_ways
from shared.web.slashes import KeptSlashes
from shared.web.state import STATE, ServiceState, service_state
from shared.web.traced_requests import TracedRequests

DESCRIPTION: Final = """{summary}.

JSON in and out, with field names in snake_case; dates are `YYYY-MM-DD`, times RFC 3339 with an offset. A field that is not known is
refused, so that a typo can't pass for silence. Lists answer `{{"items": [...], "next": cursor or null}}`. Every refusal is a `Problem`
(RFC 9457) of a documented type. Callers send a bearer token; 401 means that it does not hold, 403 that its scopes or schools don't reach
this, and what belongs to another school answers 404, like what does not exist. 503 says that nothing of the request counts: it can be sent
again, as `Retry-After` says.
"""

log = structlog.get_logger()

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[ServiceState]]


def create_service_app(
    service: ServiceName, summary: str, lifespan: Lifespan, routers: Sequence[Router], settings: Settings, measures: Sequence[Measure] = ()
) -> FastAPI:
    """An app that serves the routers, the documents, health, metrics, and what operators ask of the service as a whole.

    `measures` are the numbers of the service's own that it measures for Prometheus, beside those of every service.
    """
    times = OperationTimes()
    schema = service.replace("-", "_")

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[dict[str, ServiceState]]:
        async with (
            lifespan(app) as state,
            announcing(Announcer(state.engine, "api", state.progress, state.checks, times=times)),
            measuring(Measuring(schema, state.engine, state.lags, state.clock, state.data, measures)),
        ):
            yield {STATE: state}

    app = create_documented_app(
        title=f"STAR {service}",
        summary=summary,
        description=DESCRIPTION.format(summary=summary),
        version=VERSION,
        contact=CONTACT,
        license_info=LICENSE,
        lifespan=run,
    )
    install_problem_handlers(app, note_refusal)
    health = operations_router(schema, lambda request: cast(ServiceState, service_state(request)))
    served = [*routers, parts_router(service), events_documents_router(), health]
    # Routes are tried in order: those of the short way are asked for a thousand times as often as all others.
    app.router.routes[:0] = short_ways(served)
    for router in served:
        app.include_router(router)
    install_document(app, service, served)
    app.add_middleware(KeptSlashes)
    app.add_middleware(RateLimits, rate=settings.requests_per_second)
    app.add_middleware(_RequestMetrics, service=service, times=times, access_log=settings.access_log)
    if traces():
        app.add_middleware(TracedRequests, service=service)
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
    """Counts, times and logs requests by route template, so that no school or student becomes a label or a line."""

    def __init__(self, app: ASGIApp, service: str, times: OperationTimes, *, access_log: bool) -> None:
        self._app = app
        self._service = service
        self._times = times
        self._access_log = access_log
        # To look one up takes as long as all else that is noted of a request.
        self._histogram = cache(partial(metrics.REQUEST_SECONDS.labels, service))

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        answered = 0

        async def note(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
            answered += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - started
            self._histogram(scope["method"], route, status).observe(seconds)
            self._times.note(scope["method"], route, status, seconds)
            # Those who look after the process ask every few seconds.
            if self._access_log and not route.endswith(UNLIMITED):
                log.info(
                    "request.answered",
                    service=self._service,
                    method=scope["method"],
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                    bytes=answered,
                )
