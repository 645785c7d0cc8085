"""Pages and answers of signing in and out."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from services.console.frame.chrome import chrome_of
from services.console.frame.navigation import BASE
from services.console.frame.router import PageRouter
from services.console.identity.failures import SENTENCES, SignInError, Why
from services.console.identity.links import Link
from services.console.identity.provider import Begun
from services.console.people.needs import EVERYBODY
from services.console.people.person import Person, rights_digest
from services.console.sessions import cookies
from services.console.sessions.sealing import Contents, Secret
from services.console.state import ConsoleState, state_of
from shared.auth.principal import Principal
from shared.web.errors import ProblemError

router = PageRouter()

PATH = f"{BASE}/sign-in"


async def _state(request: Request) -> ConsoleState:
    return state_of(request)


State = Annotated[ConsoleState, Depends(_state)]


@router.get("/sign-in", EVERYBODY)
async def sign_in_page(request: Request, state: State, why: str | None = None, to: str | None = None) -> Response:
    """The page that a signed-out person lands on, with the reason."""
    why = why or ("asked" if _within(to) != f"{BASE}/" else None)
    sentence = SENTENCES.get(cast(Why, why)) if why else None
    chrome = chrome_of(None, None, "Sign in", None, None, request, None)
    view = {"chrome": chrome, "sentence": sentence, "by_provider": state.provider is not None, "to": _within(to), "why": why}
    return state.templates.page(request, "sign_in/sign_in.html", view)


@router.get("/sign-in/start", EVERYBODY)
async def start(request: Request, state: State, to: str | None = None) -> Response:
    """Sends the browser to the issuer."""
    if state.provider is None:
        return _failed("not-set-up")
    begun = Begun(Secret.draw())
    try:
        address = await state.provider.address(begun, _back(request, state))
    except SignInError as error:
        return _failed(error.why)
    answer = RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
    kept = urlsafe_b64encode(json.dumps([begun.secret.text(), _within(to)]).encode()).decode()
    cookies.begin(answer, kept, secure=state.settings.secure)
    return answer


@router.get("/sign-in/callback", EVERYBODY)
async def callback(
    request: Request,
    state: State,
    code: str | None = None,
    error: str | None = None,
    given: Annotated[str | None, Query(alias="state")] = None,
) -> Response:
    """The browser comes back from the issuer."""
    address = _address(request)
    try:
        await state.attempts.check(address)
        secret, to = _begun(request)
        return await _come_back(request, state, Begun(secret), code, error, given, to)
    except SignInError as failure:
        if failure.why not in {"cancelled", "provider-away"}:
            await state.attempts.failed(address)
        answer = _failed(failure.why)
        cookies.done(answer, secure=state.settings.secure)
        return answer


@router.get("/link/{text}", EVERYBODY)
async def use_link(request: Request, text: str, state: State) -> Response:
    """A one-time link."""
    address = _address(request)
    try:
        await state.attempts.check(address)
        link = await _used(state, text)
    except SignInError as error:
        await state.attempts.failed(address)
        return _failed(error.why)
    token = state.links.token(link, state.clock(), state.sessions.longest)
    return await _signed_in(state, Contents(access_token=token, rights=""), f"{PATH}/done")


@router.get("/sign-in/done", EVERYBODY)
async def done(request: Request, state: State) -> Response:
    """A browser that used a link comes back with the session's cookie, or without it because it refuses cookies."""
    if cookies.cookie_of(request, secure=state.settings.secure) is None:
        return _failed("no-cookies")
    return RedirectResponse(f"{BASE}/", status_code=HTTPStatus.SEE_OTHER)


@router.post("/sign-out", EVERYBODY)
async def sign_out(request: Request, state: State) -> Response:
    """Ends the session here, and the issuer's as well."""
    session = await state.sessions.find(cookies.cookie_of(request, secure=state.settings.secure))
    way_out = None
    if session is not None:
        await state.sessions.end(session.secret)
        if state.provider is not None:
            way_out = await state.provider.way_out(session.contents, _base(request, state) + PATH + "?why=signed-out")
    answer = RedirectResponse(way_out or f"{PATH}?why=signed-out", status_code=HTTPStatus.SEE_OTHER)
    cookies.drop(answer, secure=state.settings.secure)
    return answer


async def _used(state: ConsoleState, text: str) -> Link:
    """The link, used up now. Raises SignInError."""
    link = state.links.read(text)
    if not await state.sessions.use_link(link.id):
        raise SignInError("link-used")
    return link


async def _come_back(
    request: Request, state: ConsoleState, begun: Begun, code: str | None, error: str | None, given: str | None, to: str
) -> Response:
    if state.provider is None:
        raise SignInError("not-set-up")
    if given != begun.text("state"):
        raise SignInError("another-browser")
    if error is not None:
        raise SignInError("cancelled" if error == "access_denied" else "refused")
    if code is None:
        raise SignInError("bad-token")
    contents = await state.provider.exchange(begun, code, _back(request, state))
    answer = await _signed_in(state, contents, to)
    cookies.done(answer, secure=state.settings.secure)
    return answer


async def _signed_in(state: ConsoleState, contents: Contents, to: str) -> Response:
    """Opens the session. Raises SignInError for an account without rights or schools."""
    try:
        principal = await state.verifier.principal(f"Bearer {contents.access_token}")
    except ProblemError as error:
        raise SignInError("provider-away" if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad-token") from error
    _check(principal)
    kept = Contents(
        access_token=contents.access_token,
        rights=rights_digest(principal),
        expires_at=contents.expires_at,
        refresh_token=contents.refresh_token,
        id_token=contents.id_token,
    )
    session = await state.sessions.open(principal.subject, kept)
    answer = RedirectResponse(to, status_code=HTTPStatus.SEE_OTHER)
    cookies.keep(answer, session.secret, int(state.sessions.longest.total_seconds()), secure=state.settings.secure)
    return answer


def _check(principal: Principal) -> None:
    if not principal.scopes:
        raise SignInError("no-rights")
    if Person(principal, "").is_staff and principal.schools is not None and not principal.schools:
        raise SignInError("no-school")


def _begun(request: Request) -> tuple[Secret, str]:
    """Raises SignInError without the cookie of a sign-in under way."""
    try:
        text, to = json.loads(urlsafe_b64decode(request.cookies.get(cookies.SIGN_IN, "").encode("ascii")))
    except (ValueError, TypeError) as error:
        raise SignInError("too-late") from error
    secret = Secret.read(str(text))
    if secret is None:
        raise SignInError("too-late")
    return secret, _within(str(to))


def _within(to: str | None) -> str:
    """An address of the console, and of nobody else."""
    return to if to is not None and to.startswith(f"{BASE}/") and not to.startswith(PATH) and "\\" not in to else f"{BASE}/"


def _failed(why: Why) -> Response:
    return RedirectResponse(f"{PATH}?why={why}", status_code=HTTPStatus.SEE_OTHER)


def _base(request: Request, state: ConsoleState) -> str:
    return (state.settings.console_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")


def _back(request: Request, state: ConsoleState) -> str:
    return f"{_base(request, state)}{PATH}/callback"


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
