"""A service's worklist, a clock that tests move, and a task whose attempts they watch."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.engine import create_engine
from shared.worklist import repository
from shared.worklist.repository import Claimant, WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome
from tests.integration.shared.conftest import Sql
from tests.support.clock import ManualClock

SCHEMA = "notifier"
NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)


@dataclass
class WatchedTask:
    """Answers the outcomes it was given, then Done; notes its attempts, and what was settled."""

    kind: str = "letter"
    backoff: Backoff = field(default_factory=lambda: Backoff(timedelta(seconds=10), timedelta(minutes=1), most_attempts=3))
    lease: timedelta = timedelta(minutes=1)
    outcomes: list[Outcome | Exception] = field(default_factory=list)
    performed: list[WorkItem] = field(default_factory=list)
    settled: list[Outcome] = field(default_factory=list)
    before: Callable[[WorkItem], Awaitable[object]] | None = None
    settling: Callable[[AsyncConnection], Awaitable[object]] | None = None

    async def perform(self, item: WorkItem) -> Outcome:
        self.performed.append(item)
        if self.before is not None:
            await self.before(item)
        outcome = self.outcomes.pop(0) if self.outcomes else Done()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        if self.settling is not None:
            await self.settling(connection)
        self.settled.append(outcome)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, SCHEMA, pool_size=5)
    yield engine
    await engine.dispose()


async def add(engine: AsyncEngine, kind: str = "letter", *, due_at: datetime = NOW, share: int = 0) -> uuid.UUID:
    """Puts a new item on the list."""
    item = uuid.uuid4()
    async with engine.begin() as connection:
        assert await repository.add(connection, kind, item, due_at, NOW, share=share)
    return item


async def claim(
    engine: AsyncEngine, *kinds: str, most: int = 100, now: datetime = NOW, lease_for: timedelta = timedelta(minutes=1)
) -> list[WorkItem]:
    """Claims in a transaction of its own."""
    async with engine.begin() as connection:
        return await repository.claim(connection, [Claimant(kind, lease_for) for kind in kinds or ("letter",)], most=most, now=now)


async def row(engine: AsyncEngine, item: uuid.UUID) -> dict[str, Any]:
    """An item as it stands."""
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT state, due_at, attempts, last_error, settled_at FROM work WHERE id = :id"), {"id": item}
        )
        return dict(rows.mappings().one())


Attempts = Callable[[uuid.UUID], Awaitable[list[tuple[int, str | None, str | None]]]]


@pytest.fixture
def attempts(sql: Sql) -> Attempts:
    """An item's attempts on record: number, outcome and detail."""

    async def look(item: uuid.UUID) -> list[tuple[int, str | None, str | None]]:
        found = await sql(f"SELECT attempt, outcome, detail FROM {SCHEMA}.work_attempts WHERE work_id = $1 ORDER BY attempt", item)
        return [(record["attempt"], record["outcome"], record["detail"]) for record in found]

    return look
