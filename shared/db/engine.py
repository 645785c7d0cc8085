"""Connections to PostgreSQL: one engine a service and process, bound to that service's role and schema."""

import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from shared.db.dsn import dsn_of, tls_of
from shared.db.errors import DRIVER_ERRORS, READ_ONLY, sqlstate_of
from shared.db.logins import login_of
from shared.telemetry.pools import POOLS
from shared.telemetry.tracing import SERVER_SETTING, traceparent, traces
from shared.version import VERSION

CONNECT_TIMEOUT: Final = 5.0
"""Seconds; a database on the same network answers in milliseconds, so more means it is away."""

QUERY_TIMEOUT: Final = 60.0
"""Seconds; ours take milliseconds, the heaviest a few seconds. Without a bound, a server that hangs would hang whoever asks it."""

RESTED: Final = 0.5
"""Seconds after which a worker's connection in the pool is asked whether it lives, before it is used. Asking costs as much as a statement,
and a worker that meets a dead connection tries again. An API asks each time: its caller waits, and has to hear in seconds."""

_USED_AT: Final = "used_at"

KEEPALIVES: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
}
"""The server lets go of a session whose host has vanished, within half a minute."""

_OPTIONS: Final = tuple(
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 25_000))
    # Not every system has all of them.
    if hasattr(socket, name)
)

SESSION: Final = {
    "timezone": "UTC",
    "jit": "off",
    # The server's bounds, should this process freeze or vanish: what it holds is let go of within half a minute of silence on the
    # network, and within five minutes where it still answers but does nothing.
    "statement_timeout": f"{QUERY_TIMEOUT:.0f}s",
    "idle_in_transaction_session_timeout": "5min",
    **KEEPALIVES,
}
"""Settings of every session of a service."""


def create_engine(database_url: str, schema: str, *, pool_size: int, rested: float = 0.0) -> AsyncEngine:
    """An engine whose connections act as the schema's service and see its tables only. Connects on first use.

    The URL's user is that role, or a login of the release before, which may become it. `rested`: seconds for which a connection is trusted
    after its last use; 0 asks each time whether it lives.

    A server that turns out to be read-only, as the old primary of a failover, loses all connections of the pool: the next ones are made
    anew, to whichever server is the primary then.
    """
    settings = SESSION | {"application_name": application_of(schema), "role": login_of(schema), "search_path": schema}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=_connector(database_url, settings, QUERY_TIMEOUT),
        pool_size=pool_size,
        max_overflow=0,
        # The connection that was used last goes first: the server's process behind it has its plans and catalogue at hand, and it needs
        # to be asked least often whether it lives.
        pool_use_lifo=True,
        pool_timeout=CONNECT_TIMEOUT,
        # An error's text goes to the log, and parameters hold names and addresses.
        hide_parameters=True,
    )
    if isinstance(engine.sync_engine.pool, QueuePool):
        POOLS.watch(schema, engine.sync_engine.pool)
    event.listen(engine.sync_engine, "handle_error", _leave_read_only)
    event.listen(engine.sync_engine, "checkin", _used)
    event.listen(engine.sync_engine, "checkout", partial(_look, rested))
    if traces():
        event.listen(engine.sync_engine, "begin", _name_span)
    return engine


def application_of(schema: str) -> str:
    """The name by which the server knows the sessions of a schema's service, with the release: 0.1.0 named none."""
    return f"star-{schema} {VERSION}"


def create_owner_engine(database_url: str) -> AsyncEngine:
    """An engine that acts as the URL's own user, who owns the database, without a bound on what a statement may take: for migrations."""
    settings = KEEPALIVES | {"application_name": "star-migrate"}
    # Each connection is used once: what a migration sets for its session must not reach the next.
    return create_async_engine("postgresql+asyncpg://", async_creator=_connector(database_url, settings, None), poolclass=NullPool)


def keep_alive(connection: socket.socket) -> None:
    """Has this host, too, let go of a connection whose other end has vanished, as the server does by KEEPALIVES."""
    if connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _OPTIONS:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


class TakesNoWritesError(RuntimeError):
    """The server answers and is read-only: a replica, or not the primary yet."""


async def ping(engine: AsyncEngine) -> None:
    """Raises when the database does not answer, or takes no writes; the connection to a server like that is given up."""
    async with engine.connect() as connection:
        if (await connection.execute(text("SHOW transaction_read_only"))).scalar_one() == "on":
            await connection.invalidate()
            raise TakesNoWritesError


async def connect(database_url: str, settings: Mapping[str, str], query_timeout: float | None = None) -> Any:
    """A connection of asyncpg's own, with these settings for its session."""
    connection = await asyncpg.connect(
        dsn_of(database_url),
        ssl=tls_of(database_url),
        timeout=CONNECT_TIMEOUT,
        command_timeout=query_timeout,
        server_settings=dict(settings),
    )
    keep_alive(connection._transport.get_extra_info("socket"))
    return connection


def _connector(database_url: str, settings: Mapping[str, str], query_timeout: float | None) -> Callable[[], Awaitable[asyncpg.Connection]]:
    return lambda: connect(database_url, settings, query_timeout)


def _used(_connection: object, record: ConnectionPoolEntry) -> None:
    """Notes when a connection went back to the pool."""
    record.info[_USED_AT] = time.monotonic()


def _look(rested: float, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Asks a connection that has rested for an answer, with a bound of its own: SQLAlchemy's ping waits as long as a statement may take."""
    if time.monotonic() - record.info.get(_USED_AT, 0.0) < rested:
        return
    try:
        connection.run_async(lambda ours: ours.fetchrow(";", timeout=CONNECT_TIMEOUT))
    except (OSError, TimeoutError, *DRIVER_ERRORS) as error:
        # All others of the pool are as old.
        raise InvalidatePoolError from error


def _name_span(connection: Connection) -> None:
    """Lets rows that are made in this transaction keep the span that they come of."""
    current = traceparent()
    if current is not None:
        # A statement of SQLAlchemy's would begin the transaction that is being begun.
        cursor = connection.connection.cursor()
        cursor.execute(f"SELECT set_config('{SERVER_SETTING}', '{current}', true)")
        cursor.close()


def _leave_read_only(context: ExceptionContext) -> None:
    if sqlstate_of(context.original_exception) == READ_ONLY:
        context.is_disconnect = True
