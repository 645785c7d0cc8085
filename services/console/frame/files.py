"""A file of an API, passed on to the browser as it is: the browser has no token of its own."""

from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from services.console.asking.apis import Api, TokenRefusedError
from services.console.frame.refusals import NotAllowedError, NotThereError
from shared.web.errors import ProblemError

_PASSED: Final = ("content-type", "content-disposition")


async def passed_on(api: Api, path: str, **query: Any) -> Response:
    """The file. Raises TokenRefusedError, NotAllowedError, NotThereError, and ProblemError where it can't be had."""
    answer = await api.fetch(path, **query)
    if answer is None or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "This file can't be had now: try again in a minute")
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise TokenRefusedError
    if answer.status_code == HTTPStatus.FORBIDDEN:
        raise NotAllowedError
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise NotThereError
    if not answer.is_success:
        raise ProblemError(HTTPStatus.CONFLICT, "no-file", _reason(answer.json()))
    headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
    return Response(answer.content, headers={**headers, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _reason(problem: Any) -> str:
    return str(problem.get("detail") or "There is no such file yet") if isinstance(problem, dict) else "There is no such file yet"
