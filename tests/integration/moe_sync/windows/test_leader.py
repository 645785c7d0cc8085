"""One of many workers schedules; another takes over when it stops or dies, and what it left half done is never done twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.moe_sync.windows.leader import SCHEDULE, Leader
from services.moe_sync.windows.scheduling import Scheduler
from services.moe_sync.windows.task import WindowTask
from shared.db.engine import create_engine
from shared.leases.lease import FenceLostError, Lease
from tests.integration.moe_sync.office import CLOSE, WEEK, Office
from tests.support.polling import eventually


@pytest.fixture
async def engine(closed_office: Office) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(closed_office.settings.database_url, "moe_sync", pool_size=4)
    yield engine
    await engine.dispose()


def leader(office: Office, engine: AsyncEngine) -> Leader:
    scheduler = Scheduler(office.settings.closing, timedelta(0))
    windows = WindowTask(engine, scheduler, office.clock)
    return Leader(
        engine, Lease(engine, "moe_sync", SCHEDULE), windows, frozenset({"https"}), "https", clock=office.clock, monotonic=office.monotonic
    )


async def lease_runs_out(office: Office) -> None:
    """Its holder is never heard of again."""
    await office.sql("UPDATE moe_sync.leases SET until = clock_timestamp()")


async def with_a_school(office: Office) -> None:
    """Lets a worker take in the school, and stops it."""
    await office.start()
    await office.publish(office.school(), office.crossed())
    await office.stop()


async def test_one_leads_and_another_takes_over_when_it_dies(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    first, second = leader(office, engine), leader(office, engine)
    assert await first.run_once() is False
    office.clock.now += timedelta(hours=1)
    assert await second.run_once() is False
    assert (await office.get("/v1/upload-status")).json()["leader"]["fence"] == 2
    # The first is never heard of again; its lease runs out, and nothing has been built meanwhile.
    office.clock.now = CLOSE
    await lease_runs_out(office)
    assert await office.finished_windows() == []
    assert await second.run_once() is True
    assert await office.finished_windows() == ["2026-W43"]
    status = (await office.get("/v1/upload-status")).json()
    assert (status["leader"]["fence"], status["pending"], status["windows_overdue"]) == (3, 1, 0)
    # It wakes, and stands by as soon as it asks.
    with pytest.raises(FenceLostError):
        await first.run_once()
    first.lease.lose()
    assert await first.run_once() is False


async def test_a_leader_that_sleeps_in_the_middle_keeps_nothing(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    sleeper, other = leader(office, engine), leader(office, engine)
    await sleeper.run_once()
    office.clock.now = CLOSE
    await lease_runs_out(office)
    assert await other.run_once() is True
    # What it was about to do fails at the fence, whatever its own clock says.
    with pytest.raises(FenceLostError):
        await sleeper.windows.close_due(sleeper.lease.prove) or await sleeper.windows.restart_chains(sleeper.lease.prove)
    assert await office.finished_windows() == ["2026-W43"]
    assert len(await office.uploads()) == 1


async def test_stopping_hands_over_at_once(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    first, second, stop = leader(office, engine), leader(office, engine), asyncio.Event()
    running = asyncio.create_task(first.run(stop))
    await eventually(office.leads, True)
    stop.set()
    first.bell.ring()
    await running
    assert (await office.get("/v1/upload-status")).json()["leader"] is None
    await second.run_once()
    assert (await office.get("/v1/upload-status")).json()["leader"]["host"] is not None


async def test_many_workers_build_each_week_once(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await office.start()
    schools = [f"{number:04}" for number in range(1, 31)]
    await office.publish(*(office.school(school) for school in schools), *(office.crossed(school=school) for school in schools))
    await office.stop()
    office.clock.now = CLOSE + 2 * WEEK
    leaders = [leader(office, engine) for _ in range(4)]
    stop = asyncio.Event()
    running = [asyncio.create_task(one.run(stop)) for one in leaders]

    async def done() -> int:
        rows = await office.sql("SELECT count(*) FROM moe_sync.windows WHERE done_at IS NOT NULL")
        return int(rows[0]["count"])

    await eventually(done, 90)
    stop.set()
    for one in leaders:
        one.bell.ring()
    await asyncio.gather(*running)
    rows = await office.sql("SELECT school, week, count(*) FROM moe_sync.uploads GROUP BY 1, 2")
    assert sorted((row["school"], row["week"], row["count"]) for row in rows) == [
        (school, week, 1) for school in schools for week in ("2026-W43", "2026-W44", "2026-W45")
    ]


async def test_the_holder_of_a_lease_keeps_its_fence(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    one = leader(office, engine)
    for minute in range(3):
        office.clock.now += timedelta(minutes=minute)
        await one.run_once()
    assert (await office.get("/v1/upload-status")).json()["leader"]["fence"] == 2


async def test_no_week_is_closed_while_the_clock_is_doubted(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    one, doubted = leader(office, engine), True
    one.doubts = lambda: doubted
    office.clock.now = CLOSE + 6 * WEEK
    for _ in range(3):
        assert await one.run_once() is False
    assert (await office.finished_windows(), await office.uploads()) == ([], [])
    # The clock was wrong, and is set right.
    office.clock.now = CLOSE
    doubted = False
    while await one.run_once():
        pass
    assert await office.finished_windows() == ["2026-W43"]


async def test_events_of_the_time_before_a_start_are_read_first_by_the_time_that_passes(closed_office: Office, engine: AsyncEngine) -> None:
    office = closed_office
    await with_a_school(office)
    passed = 1_000.0
    windows = WindowTask(engine, Scheduler(office.settings.closing, timedelta(minutes=1)), office.clock)
    lease = Lease(engine, "moe_sync", SCHEDULE)
    one = Leader(engine, lease, windows, frozenset({"https"}), "https", clock=office.clock, monotonic=lambda: passed)
    # A step of the clock is no time in which they could be read.
    office.clock.now = CLOSE + timedelta(hours=1)
    assert await one.run_once() is False
    passed += 60
    assert await one.run_once() is True
    assert await office.finished_windows() == ["2026-W43"]
