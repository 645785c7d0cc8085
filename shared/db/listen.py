"""Waking up when the database has news (LISTEN), with a bound on every wait in case the word is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import asyncpg
import structlog

from shared.db.engine import CONNECT_TIMEOUT, KEEPALIVES, connect
from shared.db.errors import DRIVER_ERRORS
from shared.waiting import wait_until_any_set, wait_until_set

log = structlog.get_logger()

NO_WORDS: Final[Mapping[str, Callable[[str], None]]] = MappingProxyType({})

RECONNECT_AFTER: Final = 1.0
KEEPALIVE: Final = 10.0
"""Seconds between looks at whether a connection still lives of which nobody said that it ended."""


async def listen(
    database_url: str, channels: Mapping[str, Callable[[], None]], stop: asyncio.Event, told: Mapping[str, Callable[[str], None]] = NO_WORDS
) -> None:
    """Calls `channels[name]` at each notification of that name, and once after each connect, until `stop` is set. `told[name]` is called
    with the notification's payload, and with an empty one after each connect.

    A database that is away is waited for: pollers behind the callbacks have timeouts of their own and lose only speed.
    """
    while not stop.is_set():
        connection: asyncpg.Connection | None = None
        try:
            connection = await connect(database_url, KEEPALIVES | {"application_name": "star-listen"})
            for name, wake in channels.items():
                await connection.add_listener(name, _ignoring_arguments(wake))
                wake()
            for name, tell in told.items():
                await connection.add_listener(name, _with_payload(tell))
                tell("")
            lost = asyncio.Event()
            connection.add_termination_listener(_ignoring_arguments(lost.set))
            while not stop.is_set():
                await wait_until_any_set(KEEPALIVE, stop, lost)
                await connection.execute("SELECT 1", timeout=CONNECT_TIMEOUT)
        except (OSError, TimeoutError, *DRIVER_ERRORS) as error:
            log.warning("database.listen_lost", error=type(error).__name__)
            await wait_until_set(stop, RECONNECT_AFTER)
        finally:
            if connection is not None:
                connection.terminate()


@asynccontextmanager
async def listening(database_url: str, channels: dict[str, Callable[[], None]]) -> AsyncIterator[None]:
    """Listens while the body runs, as `listen` does; at the end each callback is called once more, so that nobody waits on."""
    stop = asyncio.Event()
    task = asyncio.create_task(listen(database_url, channels, stop), name="listen")
    try:
        yield
    finally:
        stop.set()
        for wake in channels.values():
            wake()
        await task


def _ignoring_arguments(wake: Callable[[], None]) -> Callable[..., None]:
    def callback(*_: Any) -> None:
        wake()

    return callback


def _with_payload(tell: Callable[[str], None]) -> Callable[..., None]:
    def callback(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
        tell(payload)

    return callback


class Wakeup:
    """A bell that one side rings and the other waits for, never longer than a bound."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ends the present wait, or the next one."""
        self._rung.set()

    async def wait(self, bound: timedelta) -> None:
        """Returns when rung, or after the bound."""
        await wait_until_set(self._rung, bound.total_seconds())
        self._rung.clear()


class Broadcast:
    """A bell that any number wait for at once."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Ends the wait of everybody who waits now."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    def listen(self) -> asyncio.Event:
        """The event that the next ring sets; ask for it before looking, so that no ring falls in between."""
        return self._next
