"""The screens: an app like the services', whose answers are pages."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import fastapi_offline
import httpx
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.asking.apis import open_apis
from services.console.frame.errors import install_error_pages
from services.console.frame.known_schools import KnownSchools
from services.console.frame.navigation import BASE
from services.console.frame.rendering import STATIC, Templates
from services.console.identity.attempts import Attempts
from services.console.identity.links import Links
from services.console.identity.provider import Provider
from services.console.pages.analysis import page as analysis
from services.console.pages.casework import page as casework
from services.console.pages.data_quality import importing as data_import
from services.console.pages.data_quality import page as data_quality
from services.console.pages.good_news import page as good_news
from services.console.pages.home import page as home
from services.console.pages.letters import page as letters
from services.console.pages.letters import paper as letters_on_paper
from services.console.pages.letters import policy as letter_policy
from services.console.pages.letters import templates as letter_templates
from services.console.pages.letters import what_if as letters_what_if
from services.console.pages.ministry import choices as ministry_choices
from services.console.pages.ministry import page as ministry
from services.console.pages.ministry import uploads as ministry_uploads
from services.console.pages.operations import page as operations
from services.console.pages.partners import page as partners
from services.console.pages.plan import page as plan
from services.console.pages.records import page as records
from services.console.pages.respond import page as respond
from services.console.pages.settings import SETTINGS_PAGES
from services.console.pages.student import page as student
from services.console.pages.students import page as students
from services.console.pages.today import page as today
from services.console.sessions.keeping import Sessions
from services.console.settings import SCHEMA, ConsoleSettings
from services.console.sign_in import api as sign_in
from services.console.state import ConsoleState, state_of
from shared.clock import Clock, utc_now
from shared.parts.announcing import Announcer, announcing
from shared.telemetry.progress import Progress
from shared.version import VERSION
from shared.web.operations import operations_router
from shared.web.slashes import KeptSlashes
from shared.web.state import STATE, open_resources

PAGES = (
    sign_in,
    home,
    today,
    students,
    good_news,
    student,
    respond,
    casework,
    records,
    plan,
    analysis,
    data_quality,
    data_import,
    ministry,
    ministry_uploads,
    ministry_choices,
    *SETTINGS_PAGES,
    operations,
    letters,
    letter_templates,
    letters_on_paper,
    letters_what_if,
    letter_policy,
    partners,
)
"""The modules whose `router` has pages."""


def create_app(
    settings: ConsoleSettings, *, apis: Mapping[str, ASGIApp] | None = None, progress: Progress | None = None, clock: Clock = utc_now
) -> FastAPI:
    """The console's app. `apis` are the four services' apps by name, where they run in the same process."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, ConsoleState]]:
        async with (
            open_resources(SCHEMA, settings, progress, clock) as resources,
            open_apis(settings, apis) as clients,
            httpx.AsyncClient() as client,
            announcing(Announcer(resources["engine"], "api", resources["progress"], resources["checks"])),
        ):
            sessions = Sessions(resources["engine"], clock, idle=settings.console_idle, longest=settings.console_longest)
            yield {
                STATE: ConsoleState(
                    **resources,
                    settings=settings,
                    apis=clients,
                    sessions=sessions,
                    templates=Templates(settings.issuer_origin),
                    schools=KnownSchools(),
                    provider=Provider.of(settings, client, clock),
                    links=Links(settings.data, enabled=not settings.oidc_issuer),
                    attempts=Attempts(resources["engine"]),
                )
            }

    app = FastAPI(title="STAR console", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    install_error_pages(app)
    # The version in the path: a browser keeps a file as long as it likes, and never shows a page with the last release's style.
    app.mount(f"/static/{VERSION}", _Kept(StaticFiles(directory=STATIC)))
    app.mount(f"/swagger/{VERSION}", _Kept(StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static")))
    for module in PAGES:
        app.include_router(module.router.router)
    app.include_router(operations_router(SCHEMA, state_of), include_in_schema=False)
    app.add_middleware(KeptSlashes)
    app.add_middleware(_BelowBase)
    return app


class _BelowBase:
    """The console's own path is there, too, where it runs alone; and what is under `/console` finds `/console/`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path, root = scope["path"], scope.get("root_path", "")
            if path in {root, BASE} and (root.endswith(BASE) or path == BASE):
                return await RedirectResponse(f"{BASE}/", status_code=HTTPStatus.SEE_OTHER)(scope, receive, send)
            if not root.endswith(BASE) and path.startswith(f"{BASE}/"):
                scope = {**scope, "root_path": root + BASE}
        await self._app(scope, receive, send)


class _Kept:
    """Files that never change under their address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"cache-control", b"public, max-age=31536000, immutable")]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, kept)
