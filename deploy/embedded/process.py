"""All four services, the console, their workers, the database and the sandbox in one process: `star run`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import uuid5

import structlog
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from deploy.conformance.witness import Witness, Witnessed
from deploy.embedded.address import keep_address
from deploy.embedded.data_folder import locked
from deploy.embedded.docs import docs_app, is_built
from deploy.embedded.home import home_router
from deploy.embedded.owner import logins, make_owner
from deploy.embedded.postgres import EmbeddedPostgres, NotStartedYetError
from deploy.logins import migrate_all, warn_of_reach
from deploy.sandbox.api import create_sandbox
from deploy.sandbox.conform import conform_router
from deploy.sandbox.erasing import SandboxErasing
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from deploy.services import schema_of
from deploy.topics import prepare_topics
from services.console.app import create_app as create_console
from services.console.settings import ConsoleSettings
from services.console.worker import run_worker as run_console
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker as run_ingest
from services.moe_sync.app import create_app as create_moe_sync
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import run_worker as run_moe_sync
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import NotifierSettings
from services.notifier.worker import run_worker as run_notifier
from services.thresholds.app import create_app as create_thresholds
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_thresholds
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.factory import create_bus
from shared.db.engine import create_engine
from shared.identifiers import NAMESPACE
from shared.service_manager import attend
from shared.settings import Settings
from shared.supervisor import Loop, restarting, supervise
from shared.telemetry.progress import Progress
from shared.waiting import wait_until_set
from shared.web.server import serve

log = structlog.get_logger()

CONSOLE: Final = "/console"

LOOK_AFTER_POSTGRES: Final = timedelta(seconds=1)


class Mounted:
    """An app below a path of another one. The outer app's lifespan runs the inner one's, and requests get its state."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._state: Mapping[str, Any] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the app's lifespan."""
        async with self.app.router.lifespan_context(self.app) as state:
            self._state = state or {}
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        scope["state"] = dict(self._state)
        await self.app(scope, receive, send)


async def run(settings: Settings, *, ready: Callable[[str], Awaitable[None]], stop: asyncio.Event) -> None:
    """Serves until `stop` is set. Calls `ready` with the base URL once everything answers."""
    with locked(settings.data):
        async with AsyncExitStack() as stack:
            loops: dict[str, Loop] = {}
            if not settings.database_url:
                server = EmbeddedPostgres(settings.data / "postgres")
                superuser_url = await asyncio.to_thread(server.start)
                stack.callback(server.stop)
                loops["postgres"] = lambda stop: _keep_alive(server, stop)
                await make_owner(superuser_url)
                settings = settings.model_copy(update=logins(superuser_url))
            migrating = asyncio.create_task(_migrate(settings))
            mail = MailCatcher(settings.data / "sandbox" / "mail")
            await mail.start()
            stack.push_async_callback(mail.stop)
            await migrating
            await _serve(settings, mail, ready, stop, loops)


async def _migrate(settings: Settings) -> None:
    await migrate_all(settings)
    for service in settings.service_urls:
        await warn_of_reach(settings, service)


async def _serve(
    settings: Settings,
    mail: MailCatcher,
    ready: Callable[[str], Awaitable[None]],
    stop: asyncio.Event,
    loops: dict[str, Loop],
) -> None:
    base_url = f"http://{settings.host}:{settings.port}"
    # No other process runs on this folder: killed and started again, this one takes its own leases at once.
    instance = uuid5(NAMESPACE, f"instance/{settings.data.resolve()}")
    common = settings.model_dump() | {"instance": instance}
    # The bus is every service's, so any of their logins will do.
    bus = create_bus(Settings(**common).of_service("ingest"))
    await prepare_topics(bus, settings.database_url)
    progress = Progress()
    ingest = IngestSettings(**common).of_service("ingest")
    thresholds = ThresholdsSettings(**common).of_service("thresholds")
    notifier = NotifierSettings(
        **{"smtp_url": mail.url, "reply_url": f"{base_url}/notifier", "console_url": base_url}
        | _from_environment(NotifierSettings)
        | common
    ).of_service("notifier")
    moe_sync = MoeSyncSettings(**{"ministry_url": f"{base_url}/sandbox/ministry"} | _from_environment(MoeSyncSettings) | common).of_service(
        "moe-sync"
    )
    console = ConsoleSettings(**common).of_service("console")
    ministry = MinistryStore(settings.data / "sandbox" / "ministry")
    notifier_engine = create_engine(notifier.database_url, schema_of("notifier"), pool_size=1)
    witness = Witness()
    apis = {
        "/ingest": Mounted(create_ingest(ingest, progress=progress)),
        "/thresholds": Mounted(create_thresholds(thresholds, progress=progress)),
        "/notifier": Mounted(create_notifier(notifier, progress=progress)),
        "/moe-sync": Mounted(create_moe_sync(moe_sync, progress=progress)),
    }
    own_apis = {path.removeprefix("/"): mounted for path, mounted in apis.items()}
    mounts = {
        **apis,
        CONSOLE: Mounted(create_console(console, apis=own_apis, progress=progress)),
        "/sandbox": Mounted(create_sandbox(mail, ministry, conform_router(witness, settings.data, base_url))),
    }
    outer = _outer(mounts, witness)
    loops |= {
        "ingest": restarting("ingest", lambda stop: run_ingest(ingest, stop, progress=progress)),
        "thresholds": restarting("thresholds", lambda stop: run_thresholds(thresholds, stop, progress=progress)),
        "notifier": restarting("notifier", lambda stop: run_notifier(notifier, stop, progress=progress)),
        "moe-sync": restarting("moe-sync", lambda stop: run_moe_sync(moe_sync, stop, progress=progress)),
        "console": restarting("console", lambda stop: run_console(console, stop, progress=progress)),
        "http": lambda stop: serve(outer, host=settings.host, port=settings.port, stop=stop, started=lambda: ready(base_url)),
    }
    loops["manager"] = lambda stop: attend(progress, stop)
    loops["sandbox-erasing"] = SandboxErasing(notifier_engine, mail, ministry).run
    if isinstance(bus, EmbeddedBus):
        watch = bus.clock_watch(settings.clock_jump, settings.clock_standing)
        loops |= {"bus-clock": watch.run, "bus-retention": bus.retention(doubts=watch.in_doubt).run}
    keep_address(settings.data, base_url)
    try:
        await supervise(loops, stop)
    finally:
        await bus.close()
        await notifier_engine.dispose()


def _from_environment(settings: type[Settings]) -> dict[str, Any]:
    """The fields of a service that the environment sets, so that they override the sandbox's addresses."""
    return settings().model_dump(exclude_unset=True)


def _outer(mounts: Mapping[str, Mounted], witness: Witness) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for mounted in mounts.values():
                await stack.enter_async_context(mounted.running())
            yield

    app = FastAPI(title="STAR", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(home_router([path for path in mounts if path != CONSOLE], docs=is_built()))
    app.mount("/docs", docs_app())
    for path, mounted in mounts.items():
        app.mount(path, Witnessed(mounted, witness) if path == "/ingest" else mounted)
    return app


async def _keep_alive(server: EmbeddedPostgres, stop: asyncio.Event) -> None:
    """Starts the database again when it died, as a service manager would."""
    while not await _stopped(stop, LOOK_AFTER_POSTGRES):
        if await asyncio.to_thread(server.alive):
            continue
        log.error("postgres.died")
        try:
            await asyncio.to_thread(server.start_again)
        except NotStartedYetError as error:
            log.warning("postgres.not_started_yet", error=str(error))
        else:
            log.info("postgres.started_again")


async def _stopped(stop: asyncio.Event, wait: timedelta) -> bool:
    return await wait_until_set(stop, wait.total_seconds())
