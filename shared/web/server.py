"""An HTTP server as one of a process's loops: it stops when they do, and leaves signals to the supervisor."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACE: Final = 5
"""Seconds that requests under way may take to end when the server stops."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, *, host: str, port: int, stop: asyncio.Event, started: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serves until `stop` is set. Calls `started` once requests are taken, in a task that ends with the server.

    Returns early when the server can't start, the port being taken for one; uvicorn logs why.
    """
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    announcing = asyncio.ensure_future(started()) if started is not None and server.started else None
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    stopping.cancel()
    if announcing is not None:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
