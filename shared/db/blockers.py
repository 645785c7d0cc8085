"""Sessions that hold what a migration waits for, so that an operator can end them or wait for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LOOK_EVERY: Final = 0.2
"""Seconds; a statement waits for a second, so a look falls into each wait."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One session. Never with its statement, which may hold names. `began` is when its query or its open transaction did."""

    pid: int
    application: str
    state: str
    began: datetime | None

    def __str__(self) -> str:
        """In one line, as an operator reads it."""
        since = "" if self.began is None else f", since {self.began:%H:%M:%S} UTC"
        return f"pid {self.pid} ({self.application or 'without a name'}, {self.state or 'of another user'}{since})"


@dataclass
class Blockers:
    """The sessions that were last seen in the way."""

    engine: AsyncEngine
    seen: list[Blocker] = field(default_factory=list)

    async def look_at_waits_of(self, pid: int) -> None:
        """Notes who holds what this session waits for; keeps what it saw before where it waits for nothing."""
        self.seen = await self._sessions("pid = ANY(pg_blocking_pids(:pid))", pid=pid) or self.seen

    async def look_at_holders(self, key: int) -> None:
        """Notes who holds an advisory lock."""
        holds = """
            SELECT pid FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = :key
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
        self.seen = await self._sessions(f"pid IN ({holds})", key=key)

    async def _sessions(self, which: str, **parameters: int) -> list[Blocker]:
        statement = f"""
            SELECT pid, coalesce(application_name, ''), coalesce(state, ''),
                CASE WHEN state = 'active' THEN query_start ELSE coalesce(xact_start, query_start) END
            FROM pg_stat_activity WHERE {which} ORDER BY pid
        """  # noqa: S608 - the conditions are those above
        async with self.engine.connect() as connection:
            return [Blocker(*row) for row in await connection.execute(text(statement), parameters)]

    @property
    def pids(self) -> tuple[int, ...]:
        """The sessions' process ids, in order."""
        return tuple(blocker.pid for blocker in self.seen)

    def described(self) -> list[str]:
        """A line each."""
        return [str(blocker) for blocker in self.seen]

    def __str__(self) -> str:
        """All in one line, with the way out."""
        if not self.seen:
            return "they were gone each time before they could be named"
        ending = ", ".join(f"SELECT pg_terminate_backend({pid})" for pid in self.pids)
        return f"{'; '.join(self.described())}. Wait for them to end, or end them ({ending})"


@asynccontextmanager
async def watching(engine: AsyncEngine, connection: AsyncConnection) -> AsyncIterator[Blockers]:
    """Looks, while the body runs, at who holds what the connection waits for."""
    pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    await connection.rollback()
    blockers = Blockers(engine)

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await blockers.look_at_waits_of(pid)

    looking = asyncio.create_task(look())
    try:
        yield blockers
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
