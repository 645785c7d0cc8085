"""Rows that have been kept long enough go, in batches, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.engine import create_engine
from shared.deadletters import repository as dead_letters
from shared.retention import Retention, Rule
from shared.settings import Settings
from shared.telemetry import metrics
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome
from tests.integration.shared.conftest import Sql

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=100)
LATELY = NOW - timedelta(days=10)
MONTH = timedelta(days=30)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=3)
    yield engine
    await engine.dispose()


def retention(engine: AsyncEngine, *rules: Rule) -> Retention:
    return Retention("thresholds", engine, rules, lambda: NOW)


async def apply(engine: AsyncEngine, rule: Rule) -> int:
    return await retention(engine, rule).apply(rule, asyncio.Event())


async def put_letter(sql: Sql, state: str, created_at: datetime, settled_at: datetime | None) -> UUID:
    letter = uuid4()
    await sql(
        """
        INSERT INTO thresholds.dead_letters
            (id, topic, partition, "offset", headers, reason, detail, count, state, created_at, settled_at)
        VALUES ($1, 'star.students.v1', 0, 1, '[]', 'wrong-type', 'no detail', 1, $2, $3, $4)
        """,
        letter,
        state,
        created_at,
        settled_at,
    )
    return letter


async def put_work(sql: Sql, kind: str, state: str, settled_at: datetime | None) -> UUID:
    item = uuid4()
    await sql(
        """
        INSERT INTO thresholds.work (id, kind, due_at, state, attempts, lease, created_at, settled_at)
        VALUES ($1, $2, $3, $4, 1, CASE WHEN $4 = 'leased' THEN gen_random_uuid() END, $3, $5)
        """,
        item,
        kind,
        LONG_AGO,
        state,
        settled_at,
    )
    await sql("INSERT INTO thresholds.work_attempts (work_id, attempt, started_at) VALUES ($1, 1, $2)", item, LONG_AGO)
    return item


async def ids(sql: Sql, table: str, column: str = "id") -> set[UUID]:
    return {row[0] for row in await sql(f"SELECT {column} FROM thresholds.{table}")}


async def test_settled_dead_letters_go_and_those_settled_lately_stay(engine: AsyncEngine, sql: Sql) -> None:
    await put_letter(sql, "redriven", LONG_AGO, LONG_AGO)
    await put_letter(sql, "discarded", LONG_AGO, LONG_AGO)
    lately = await put_letter(sql, "redriven", LONG_AGO, LATELY)
    waiting = await put_letter(sql, "kept", LONG_AGO, None)

    assert await apply(engine, Rule("dead-letters-settled", MONTH, dead_letters.forget_settled_before)) == 2
    assert await ids(sql, "dead_letters") == {lately, waiting}


async def test_dead_letters_that_nobody_looked_at_go_after_a_longer_time(engine: AsyncEngine, sql: Sql) -> None:
    await put_letter(sql, "kept", LONG_AGO, None)
    lately = await put_letter(sql, "kept", LATELY, None)
    settled = await put_letter(sql, "redriven", LONG_AGO, LONG_AGO)

    assert await apply(engine, Rule("dead-letters-kept", MONTH, dead_letters.forget_kept_before)) == 1
    assert await ids(sql, "dead_letters") == {lately, settled}


async def test_finished_work_of_the_kinds_goes_with_its_attempts(engine: AsyncEngine, sql: Sql) -> None:
    for state in ("done", "failed", "cancelled"):
        await put_work(sql, "day-end", state, LONG_AGO)
    stay = {
        await put_work(sql, "day-end", "done", LATELY),
        await put_work(sql, "day-end", "waiting", None),
        await put_work(sql, "day-end", "leased", None),
        await put_work(sql, "another", "done", LONG_AGO),
    }

    async def forget(connection: AsyncConnection, moment: datetime, most: int) -> int:
        return await worklist.forget_finished_before(connection, ["day-end"], moment, most)

    assert await apply(engine, Rule("work", MONTH, forget)) == 3
    assert await ids(sql, "work") == stay
    assert await ids(sql, "work_attempts", "work_id") == stay


async def test_it_goes_in_batches_and_is_counted(engine: AsyncEngine, sql: Sql) -> None:
    for _ in range(5):
        await put_letter(sql, "kept", LONG_AGO, None)
    batches: list[int] = []

    async def forget(connection: AsyncConnection, moment: datetime, most: int) -> int:
        batches.append(await dead_letters.forget_kept_before(connection, moment, most))
        return batches[-1]

    counted = metrics.RETENTION_ROWS.labels("thresholds", "batches")
    before = counted._value.get()
    assert await apply(engine, Rule("batches", MONTH, forget, at_once=2)) == 5
    assert batches == [2, 2, 1]
    assert counted._value.get() - before == 5


async def test_rows_that_another_worker_holds_are_passed_over(engine: AsyncEngine, sql: Sql) -> None:
    held, free = await put_letter(sql, "kept", LONG_AGO, None), await put_letter(sql, "kept", LONG_AGO, None)
    async with engine.begin() as other:
        await other.execute(text("SELECT FROM dead_letters WHERE id = :id FOR UPDATE"), {"id": held})
        assert await apply(engine, Rule("dead-letters-kept", MONTH, dead_letters.forget_kept_before)) == 1
    assert await ids(sql, "dead_letters") == {held}
    assert free != held


@dataclass(frozen=True)
class Chore:
    """A kind of work that is never done here."""

    kind: str
    backoff: ClassVar = Backoff(timedelta(seconds=1), timedelta(seconds=1), most_attempts=None)
    lease: timedelta = timedelta(minutes=1)

    async def perform(self, item: WorkItem) -> Outcome:
        return Done()


async def test_a_workers_rules_are_its_own_and_those_of_dead_letters_and_of_work_that_is_no_history(database_url: str, sql: Sql) -> None:
    long_ago = NOW - timedelta(days=200)
    await put_letter(sql, "kept", long_ago, None)
    await put_letter(sql, "discarded", long_ago, long_ago)
    await put_work(sql, "chore", "done", long_ago)
    history = {await put_work(sql, "delivery", "done", long_ago), await put_work(sql, "of-no-task", "done", long_ago)}
    moments: list[datetime] = []

    async def own(connection: AsyncConnection, moment: datetime, most: int) -> int:
        moments.append(moment)
        return 0

    stop = asyncio.Event()
    settings = Settings(database_url=database_url)
    async with worker_parts("thresholds", settings, Progress(), lambda: NOW) as parts, asyncio.timeout(30):
        parts.work([Chore("chore"), Chore("delivery")], concurrency=1)
        running = asyncio.create_task(parts.retention([Rule("own", MONTH, own)], history=["delivery"])(stop))
        while await ids(sql, "work") != history or await ids(sql, "dead_letters"):
            await asyncio.sleep(0.01)
        stop.set()
        await running
    assert moments == [NOW - MONTH]


async def run_until(stop: asyncio.Event, engine: AsyncEngine, rules: Sequence[Rule]) -> None:
    async with asyncio.timeout(30):
        await retention(engine, *rules).run(stop)


async def test_a_rule_that_fails_keeps_neither_the_others_nor_the_worker_from_going_on(engine: AsyncEngine) -> None:
    stop = asyncio.Event()

    async def broken(connection: AsyncConnection, moment: datetime, most: int) -> int:
        await connection.execute(text("SELECT 1 / 0"))
        return 0

    async def sound(connection: AsyncConnection, moment: datetime, most: int) -> int:
        stop.set()
        return 0

    counted = metrics.RETENTION_FAILURES.labels("thresholds", "broken")
    before = counted._value.get()
    await run_until(stop, engine, [Rule("broken", MONTH, broken), Rule("sound", MONTH, sound)])
    assert counted._value.get() - before == 1


async def test_it_stops_after_the_batch_under_way(engine: AsyncEngine) -> None:
    stop = asyncio.Event()
    rounds = 0

    async def endless(connection: AsyncConnection, moment: datetime, most: int) -> int:
        nonlocal rounds
        rounds += 1
        stop.set()
        return most

    await run_until(stop, engine, [Rule("endless", MONTH, endless), Rule("next", MONTH, endless)])
    assert rounds == 1
