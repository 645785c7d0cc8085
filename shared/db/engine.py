"""Connections to PostgreSQL: one engine a service and process, bound to that service's role and schema."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.dsn import dsn_of, tls_of
from shared.db.errors import READ_ONLY, sqlstate_of

CONNECT_TIMEOUT: Final = 5.0
"""Seconds; a database on the same network answers in milliseconds, so more means it is away."""

QUERY_TIMEOUT: Final = 60.0
"""Seconds; ours take milliseconds, the heaviest a few seconds. Without a bound, a server that hangs would hang whoever asks it."""

KEEPALIVES: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
}
"""The server lets go of a session whose host has vanished, within half a minute."""

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


def role_of(schema: str) -> str:
    """The role that owns a schema. A service connects as this role, so the database itself keeps it from others' tables."""
    return f"star_{schema}"


def create_engine(database_url: str, schema: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose connections act as the schema's role and see its tables only. Connects on first use.

    A server that turns out to be read-only, as the old primary of a failover, loses all connections of the pool: the next ones are made
    anew, to whichever server is the primary then.
    """
    settings = SESSION | {"application_name": f"star-{schema}", "role": role_of(schema), "search_path": schema}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=_connector(database_url, settings, QUERY_TIMEOUT),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT,
        pool_pre_ping=True,
        # An error's text goes to the log, and parameters hold names and addresses.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "handle_error", _leave_read_only)
    return engine


def create_owner_engine(database_url: str) -> AsyncEngine:
    """An engine that acts as the URL's own user, who owns the database, without a bound on what a statement may take: for migrations."""
    settings = KEEPALIVES | {"application_name": "star-migrate"}
    # Each connection is used once: what a migration sets for its session must not reach the next.
    return create_async_engine("postgresql+asyncpg://", async_creator=_connector(database_url, settings, None), poolclass=NullPool)


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
    return await asyncpg.connect(
        dsn_of(database_url),
        ssl=tls_of(database_url),
        timeout=CONNECT_TIMEOUT,
        command_timeout=query_timeout,
        server_settings=dict(settings),
    )


def _connector(database_url: str, settings: Mapping[str, str], query_timeout: float | None) -> Callable[[], Awaitable[asyncpg.Connection]]:
    return lambda: connect(database_url, settings, query_timeout)


def _leave_read_only(context: ExceptionContext) -> None:
    if sqlstate_of(context.original_exception) == READ_ONLY:
        context.is_disconnect = True
