"""The server as a loop of a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from shared.set_up import SetUpError
from shared.web.server import CannotServeError, serve
from tests.support.servers import serving


async def test_a_taken_port_is_an_error_of_its_own() -> None:
    async with serving(FastAPI()) as base_url:
        port = int(base_url.rsplit(":", 1)[1])
        with pytest.raises(CannotServeError, match=str(port)):
            await serve(FastAPI(), host="127.0.0.1", port=port, stop=asyncio.Event())


async def test_an_announcement_that_fails_does_not_stop_the_server() -> None:
    stop = asyncio.Event()

    async def started() -> None:
        asyncio.get_running_loop().call_later(0.1, stop.set)
        raise ValueError("the demo failed")

    await serve(FastAPI(), host="127.0.0.1", port=0, stop=stop, started=started)


async def test_an_app_that_does_not_start_says_why_itself() -> None:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        raise SetUpError("a file that is none: correct its name")
        yield

    with pytest.raises(SetUpError, match="correct its name"):
        await serve(FastAPI(lifespan=lifespan), host="127.0.0.1", port=0, stop=asyncio.Event())
