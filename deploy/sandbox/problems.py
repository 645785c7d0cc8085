"""Problems as RFC 9457 has them, for the sandbox's HTTP side."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

_TYPES = "urn:star:sandbox:"
_MOST_ERRORS = 100


class ProblemError(Exception):
    """A request refused: raise it anywhere below a route. `errors` are `{"pointer", "detail"}`, without the values sent."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status, self.kind, self.title = status, kind, title
        self.detail, self.errors, self.headers = detail, errors, headers


def problem_response(problem: ProblemError) -> JSONResponse:
    """The answer that says it: `{"type", "title", "status", "detail"?, "errors"?}` as `application/problem+json`."""
    body: dict[str, Any] = {"type": _TYPES + problem.kind, "title": problem.title, "status": problem.status}
    if problem.detail is not None:
        body["detail"] = problem.detail
    if problem.errors is not None:
        body["errors"] = problem.errors[:_MOST_ERRORS]
    return JSONResponse(body, problem.status, problem.headers, media_type="application/problem+json")


def pointer_of(location: tuple[int | str, ...]) -> str:
    """A JSON Pointer as a URI fragment (`#/records/0/status`), from a validator's location."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def install_problem_handlers(app: FastAPI) -> None:
    """Makes every refusal of the app a problem, the framework's own ones included."""

    @app.exception_handler(ProblemError)
    async def refused(_: Request, error: ProblemError) -> JSONResponse:
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"pointer": pointer_of(one["loc"]), "detail": one["msg"]} for one in error.errors()]
        return problem_response(ProblemError(422, "invalid-request", "The request is not valid", errors=errors))

    @app.exception_handler(HTTPException)
    async def failed(_: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return problem_response(ProblemError(error.status_code, f"http-{error.status_code}", str(error.detail), headers=headers))
