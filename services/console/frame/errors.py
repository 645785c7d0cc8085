"""Every error as a page in words, or as a way to the sign-in."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from services.console.asking.apis import TokenRefusedError
from services.console.frame.chrome import chrome_of
from services.console.frame.forms import BadFormError, pairs_of
from services.console.frame.meanwhile import ChangedMeanwhileError
from services.console.frame.navigation import BASE
from services.console.frame.refusals import ForgedError, NotAllowedError, NotSentError, NotThereError, SignedOutError
from services.console.frame.rendering import is_fragment
from services.console.frame.visit import VISIT, Visit
from services.console.sessions import cookies
from services.console.state import state_of
from shared.db.errors import DRIVER_ERRORS, is_transient, is_unavailable
from shared.web.errors import ProblemError

log = structlog.get_logger()


def install_error_pages(app: FastAPI) -> None:
    """Gives every refusal and failure its page."""

    @app.exception_handler(SignedOutError)
    async def signed_out(request: Request, error: SignedOutError) -> Response:
        return await _kept(request) or _to_sign_in(request, error.why)

    @app.exception_handler(TokenRefusedError)
    async def refused(request: Request, _: TokenRefusedError) -> Response:
        return await _kept(request) or _to_sign_in(request, "ended")

    @app.exception_handler(NotAllowedError)
    async def not_allowed(request: Request, _: NotAllowedError) -> Response:
        sentence = "Your account has no right to see this page. If it should have, ask the person who looks after accounts at your school."
        return _page(request, HTTPStatus.FORBIDDEN, "This page is not for you", [sentence])

    @app.exception_handler(ForgedError)
    async def forged(request: Request, _: ForgedError) -> Response:
        sentence = "Another website tried to send this form in your name. Nothing was changed."
        return _page(request, HTTPStatus.FORBIDDEN, "This did not come from here", [sentence])

    @app.exception_handler(NotThereError)
    async def not_there(request: Request, _: NotThereError) -> Response:
        return _absent(request)

    @app.exception_handler(NotSentError)
    async def not_sent(request: Request, _: NotSentError) -> Response:
        sentence = (
            "Pages have something to show once your school's system has sent its calendar, and its roll after that. "
            "The person who looks after that system starts it."
        )
        return _page(request, HTTPStatus.NOT_FOUND, "Your school has sent nothing yet", [sentence])

    @app.exception_handler(BadFormError)
    async def bad_form(request: Request, error: BadFormError) -> Response:
        return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, "Something is missing", [*error.sentences, "Go back, and nothing is lost."])

    @app.exception_handler(ChangedMeanwhileError)
    async def changed_meanwhile(request: Request, error: ChangedMeanwhileError) -> Response:
        pairs = [(name, value) for name, value in await pairs_of(request) if name != "base"]
        view: dict[str, Any] = {"pairs": [*pairs, ("base", error.base)], "action": _here(request), "see": error.see}
        return _page(request, HTTPStatus.CONFLICT, "This was changed meanwhile", template="meanwhile.html", **view)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(OverflowError)  # A day beside the first or the last of any calendar.
    async def invalid(request: Request, _: Exception) -> Response:
        sentence = "The address has something in it that this page does not know. Nothing was changed."
        return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, "This address can't be read", [sentence])

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return _absent(request)
        return _page(request, error.status_code, HTTPStatus(error.status_code).phrase, ["This can't be done at this address."])

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        return _page(request, error.status, HTTPStatus(error.status).phrase, [f"{error.detail}."])

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        if is_unavailable(error):
            if is_transient(error):
                log.warning("console.unavailable", route=_route(request), error=type(error).__name__)
            else:
                log.error("console.set_up", route=_route(request), exc_info=error)
            sentence = "The database behind this page does not answer now. Try again in a minute; nothing is lost."
            return _page(request, HTTPStatus.SERVICE_UNAVAILABLE, "Not now", [sentence])
        log.error("console.failed", route=_route(request), exc_info=error)
        sentence = "Something went wrong on our side, and it is in the log. Nothing you did caused it."
        return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", [sentence])

    for kind in (OSError, TimeoutError, DBAPIError, *DRIVER_ERRORS):
        app.add_exception_handler(kind, unexpected)


def _absent(request: Request) -> Response:
    sentence = "There is nothing at this address, or it belongs to another school."
    return _page(request, HTTPStatus.NOT_FOUND, "There is no such page", [sentence])


async def _kept(request: Request) -> Response | None:
    """The page that keeps what somebody typed while their session ended; None where there is no form to keep."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if request.method != "POST" or not is_form or is_fragment(request):
        return None
    pairs = await pairs_of(request)
    if not pairs:
        return None
    return _page(request, HTTPStatus.UNAUTHORIZED, "You were signed out", template="kept.html", pairs=pairs, action=_here(request))


def _to_sign_in(request: Request, why: str | None) -> Response:
    if request.method == "POST" and why != "rights-changed":
        # A file, or a button with nothing beside it: there is nothing to keep.
        why = "not-sent"
    back = f"&to={quote(_here(request), safe='')}" if request.method == "GET" and why != "rights-changed" else ""
    query = (f"why={why}{back}" if why else back.removeprefix("&")) or ""
    address = f"{BASE}/sign-in" + (f"?{query}" if query else "")
    if is_fragment(request):
        # A fragment of the sign-in page inside another page helps nobody.
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    answer = RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
    if why:
        cookies.drop(answer, secure=state_of(request).settings.secure)
    return answer


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _page(
    request: Request, status: int, title: str, sentences: Sequence[str] = (), *, template: str = "refusal.html", **view: Any
) -> Response:
    visit: Visit | None = request.scope.get(VISIT)
    chrome = chrome_of(visit.person if visit else None, None, title, visit.school_number if visit else None, None, request, None)
    return state_of(request).templates.page(request, template, {"chrome": chrome, "sentences": sentences, **view}, status=status)


def _route(request: Request) -> str:
    return getattr(request.scope.get("route"), "path", "")
