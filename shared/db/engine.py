"""Connections to PostgreSQL: one engine a service and process, bound to that service's role and schema."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT: Final = 5.0
"""Seconds; a database on the same network answers in milliseconds, so more means it is away."""

QUERY_TIMEOUT: Final = 60.0
"""Seconds; ours take milliseconds, the heaviest a few seconds. Without a bound, a server that hangs would hang whoever asks it."""


def async_url(database_url: str) -> URL:
    """The URL with the driver this house uses, whatever driver it named."""
    return make_url(database_url).set(drivername="postgresql+asyncpg")


def role_of(schema: str) -> str:
    """The role that owns a schema. A service connects as this role, so the database itself keeps it from others' tables."""
    return f"star_{schema}"


def create_engine(database_url: str, schema: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose connections act as the schema's role and see its tables only. Connects on first use."""
    return create_async_engine(
        async_url(database_url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT,
        pool_pre_ping=True,
        # An error's text goes to the log, and parameters hold names and addresses.
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT,
            "command_timeout": QUERY_TIMEOUT,
            "server_settings": {
                "application_name": f"star-{schema}",
                "role": role_of(schema),
                "search_path": schema,
                "timezone": "UTC",
                "jit": "off",
            },
        },
    )


async def ping(engine: AsyncEngine) -> None:
    """Raises when the database does not answer."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
