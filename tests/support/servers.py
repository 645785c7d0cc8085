"""Real HTTP servers inside a test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from shared.web.server import serve
from tests.support.ports import free_port


@asynccontextmanager
async def serving(app: ASGIApp, port: int | None = None) -> AsyncIterator[str]:
    """Serves the app on this port of the loopback, or a free one, lifespan included; answers its base URL."""
    port = port if port is not None else free_port()
    stop, ready = asyncio.Event(), asyncio.Event()

    async def started() -> None:
        ready.set()

    server = asyncio.create_task(serve(app, host="127.0.0.1", port=port, stop=stop, started=started))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({server, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not ready.is_set():
        await server
        raise RuntimeError(f"the server did not start on port {port}")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await server
