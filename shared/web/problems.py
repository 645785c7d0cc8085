"""Errors as RFC 9457 problem details, with stable types and without a word of what pupils' data said."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.bus.interface import BusUnavailableError, MessageTooLargeError
from shared.db.errors import DRIVER_ERRORS, is_transient, is_unavailable, is_unstorable, sqlstate_of
from shared.web.errors import ProblemError
from shared.web.problem_types import PROBLEMS, TYPE_PREFIX, ProblemKind

__all__ = ["MEDIA_TYPE", "RETRY_AFTER", "TYPE_PREFIX", "ProblemError", "install_problem_handlers", "problem", "unavailable"]

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "5"


def problem(
    status: int, kind: ProblemKind, detail: str, *, headers: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None
) -> JSONResponse:
    """The answer for a problem."""
    body = {"type": TYPE_PREFIX + kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **(extra or {})}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


AfterProblem = Callable[[Request, ProblemError], Awaitable[None]]
"""The work after a problem has been answered."""


def install_problem_handlers(app: FastAPI, after: AfterProblem | None = None) -> None:
    """Makes every error of the app a problem."""

    @app.exception_handler(ProblemError)
    async def known(request: Request, error: ProblemError) -> JSONResponse:
        answer = problem(error.status, error.kind, error.detail, headers=error.headers, extra=error.extra)
        if after is not None:
            answer.background = BackgroundTask(after, request, error)
        return answer

    @app.exception_handler(MessageTooLargeError)
    async def large(_: Request, error: MessageTooLargeError) -> JSONResponse:
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error))

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, _: ClientDisconnect) -> JSONResponse:
        log.info("request.abandoned", route=_route(request))
        return problem(HTTPStatus.BAD_REQUEST, "abandoned", "the request ended too early")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        malformed = any(entry["type"] == "json_invalid" for entry in error.errors())
        if malformed:
            return problem(HTTPStatus.BAD_REQUEST, "malformed-json", "the body is not JSON")
        # Only where and why: never the input itself.
        errors = [{"at": ".".join(map(str, entry["loc"])), "why": entry["msg"]} for entry in error.errors()]
        first = f"{errors[0]['at']}: {errors[0]['why']}"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", first, extra={"errors": errors})

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        # FastAPI's own word for a body that is no UTF-8, or nested without end.
        if error.status_code == HTTPStatus.BAD_REQUEST and isinstance(error.__cause__, (ValueError, RecursionError)):
            return problem(HTTPStatus.BAD_REQUEST, "malformed-json", "the body is not JSON")
        phrase = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        kind = cast(ProblemKind, phrase) if phrase in PROBLEMS else "bad-request"
        return problem(error.status_code, kind, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, BusUnavailableError) or is_transient(error):
            log.warning("request.unavailable", route=_route(request), error=type(error).__name__)
            return unavailable()
        if is_unavailable(error):
            # A person has to mend it; the request is as good as any, and whoever sent it is to send it again.
            log.error("request.set_up", route=_route(request), sqlstate=sqlstate_of(error), exc_info=error)
            return unavailable()
        if is_unstorable(error) or isinstance(error, OverflowError):
            # Whatever let the value in, no column holds it, or no day of any calendar. The value itself stays out of the log.
            log.warning("request.unstorable", route=_route(request), error=type(error).__name__, sqlstate=sqlstate_of(error))
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "a number, a date or a text is out of any range")
        log.error("request.failed", route=_route(request), exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "something went wrong on our side")

    # Starlette answers errors of these classes before its catch-all logs them as crashes.
    for kind in (BusUnavailableError, OSError, TimeoutError, DBAPIError, *DRIVER_ERRORS, PoolTimeoutError, OverflowError):
        app.add_exception_handler(kind, unexpected)


def unavailable() -> JSONResponse:
    """The answer while something behind us is away: nothing was lost that had been accepted, and trying again is safe."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "a part behind this service is away; nothing of this request counts until it is accepted: send it again",
        headers={"Retry-After": RETRY_AFTER},
    )


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "")
