"""An HTTP server as one of a process's loops: it stops when they do, and leaves signals to the supervisor."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.connections import MOST_CONNECTIONS, BoundedProtocol, watch
from shared.web.safe_answers import SafeAnswers

log = structlog.get_logger()

_STOP: Final = "star.stop"

GRACE: Final = 5
"""Seconds that requests under way may take to end when the server stops."""


KEEP_ALIVE: Final = 5
"""Seconds that a connection may rest between two requests."""

COLLECT_AFTER: Final = 50_000
"""New objects after which Python looks for garbage. A batch or a large answer makes tens of thousands and frees them by itself; at Python's
own 700 the look took a third of a worker's time."""

BACKLOG: Final = 128
"""Connections that the system keeps while the process is busy with others."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def stopping(request: Request) -> asyncio.Event:
    """Set once the server stops: answers that last are to end by themselves then. Behind another server, never set."""
    stop: asyncio.Event = request.scope.get("extensions", {}).get(_STOP) or asyncio.Event()
    return stop


class CannotServeError(RuntimeError):
    """The server did not start: the port is taken, as a rule."""


async def serve(app: ASGIApp, *, host: str, port: int, stop: asyncio.Event, started: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serves until `stop` is set. Calls `started` once requests are taken, in a task that ends with the server.

    Raises CannotServeError, or what the app's own start raised.
    """
    fate: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def stoppable(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[_STOP] = stop
        try:
            await answering(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan" and not fate.done():
                # uvicorn only logs it.
                fate.set_result(error)
            raise

    answering = SafeAnswers(app)
    config = uvicorn.Config(
        stoppable,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        backlog=BACKLOG,
        # With all connections busy, a new request is told to come again (503). Those that make room take a moment to go.
        limit_concurrency=MOST_CONNECTIONS + BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    serving = asyncio.create_task(_run(server, host, port, fate))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    # What is there by now stays: no collection has to go through it again, which would hold up a request by a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    announcing = asyncio.ensure_future(started()) if started is not None and server.started else None
    stopping = asyncio.create_task(stop.wait())
    watching = asyncio.create_task(watch(server.server_state.connections))
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        watching.cancel()
        if announcing is not None:
            await _end(announcing)


async def _run(server: uvicorn.Server, host: str, port: int, fate: asyncio.Future[Exception]) -> None:
    # uvicorn ends the process by itself when it can't start; whoever runs us decides that.
    with suppress(SystemExit):
        await server.serve()
    if server.started:
        return
    # It hears that the app's start failed a moment before the app raises why.
    done, _ = await asyncio.wait({fate}, timeout=1)
    raise fate.result() if done else CannotServeError(f"can't serve on {host}:{port}")


async def _end(announcing: asyncio.Future[None]) -> None:
    announcing.cancel()
    with suppress(asyncio.CancelledError):
        try:
            await announcing
        except Exception:
            log.exception("server.announcement_failed")
