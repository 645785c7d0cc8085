"""A clock that is weeks ahead is doubted until it has stood or a person has believed it; until then nothing final is done."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import Message, Partition
from shared.clockwatch import repository
from shared.clockwatch.doubting import UnlessDoubted
from shared.clockwatch.watch import ClockDoubtedError, ClockWatch
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.retention import Retention, Rule
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.runner import Runner
from shared.worklist.tasks import Backoff, Done, Outcome
from tests.support.clock import ManualClock

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
JUMP, STANDING = timedelta(days=14), timedelta(hours=1)


@dataclass
class Machine:
    """A machine's two clocks: the time of day, and the one that only goes on."""

    engine: AsyncEngine
    clock: ManualClock[datetime] = field(default_factory=lambda: ManualClock(NOW))
    monotonic: ManualClock[float] = field(default_factory=lambda: ManualClock(1_000.0))

    def watch(self) -> ClockWatch:
        return ClockWatch("notifier", self.engine, JUMP, STANDING, self.clock, self.monotonic)

    def pass_(self, time: timedelta) -> None:
        self.clock.now += time
        self.monotonic.now += time.total_seconds()


@pytest.fixture
async def machine(database_url: str) -> AsyncIterator[Machine]:
    engine = create_engine(database_url, "notifier", pool_size=3)
    yield Machine(engine)
    await engine.dispose()


async def seen(engine: AsyncEngine) -> datetime | None:
    async with engine.connect() as connection:
        return await repository.last_seen(connection)


async def test_a_clock_that_goes_on_evenly_is_believed(machine: Machine) -> None:
    watch = machine.watch()
    assert watch.in_doubt()
    await watch.look()
    assert not watch.in_doubt()
    machine.pass_(timedelta(days=30))
    assert not watch.in_doubt()
    await watch.check()
    assert watch.as_believed(machine.clock.now) == NOW + timedelta(days=30)


@pytest.mark.parametrize("step", [timedelta(days=1, hours=1), timedelta(hours=-1), timedelta(days=-30), JUMP])
async def test_a_smaller_step_is_believed(machine: Machine, step: timedelta) -> None:
    watch = machine.watch()
    await watch.look()
    machine.clock.now += step
    assert not watch.in_doubt()
    await watch.look()
    assert not watch.in_doubt()
    assert await seen(machine.engine) == max(NOW, NOW + step)


async def test_a_jump_is_doubted_at_once_and_believed_when_it_has_stood(machine: Machine) -> None:
    watch = machine.watch()
    rung: list[None] = []
    watch.believed = lambda: rung.append(None)
    await watch.look()
    machine.pass_(timedelta(minutes=1))
    machine.clock.now += timedelta(days=15)
    # Before anybody has looked.
    assert watch.in_doubt()
    assert watch.as_believed(machine.clock.now) == NOW + timedelta(minutes=1)
    await watch.look()
    with pytest.raises(ClockDoubtedError):
        await watch.check()
    machine.pass_(timedelta(minutes=59))
    await watch.look()
    assert watch.in_doubt()
    assert (await seen(machine.engine), rung) == (NOW, [])
    machine.pass_(timedelta(minutes=1))
    await watch.look()
    assert not watch.in_doubt()
    assert (await seen(machine.engine), rung) == (machine.clock.now, [None])


async def test_a_clock_that_is_set_again_has_to_stand_from_then_on(machine: Machine) -> None:
    watch = machine.watch()
    await watch.look()
    machine.clock.now += timedelta(days=40)
    await watch.look()
    machine.pass_(timedelta(minutes=50))
    machine.clock.now -= timedelta(days=20)
    await watch.look()
    machine.pass_(timedelta(minutes=50))
    await watch.look()
    assert watch.in_doubt()
    # Put right, it needs no time.
    machine.clock.now -= timedelta(days=20)
    await watch.look()
    assert not watch.in_doubt()


async def test_a_machine_that_was_off_for_the_holidays_waits_or_is_believed_by_a_person(machine: Machine) -> None:
    await machine.watch().look()
    machine.clock.now += timedelta(weeks=6)
    watch, other = machine.watch(), machine.watch()
    await watch.look()
    await other.look()
    assert watch.in_doubt()
    async with machine.engine.begin() as connection:
        await repository.accept(connection, machine.clock.now)
    await watch.look()
    await other.look()
    assert not watch.in_doubt()
    assert not other.in_doubt()


async def test_a_person_also_takes_back_a_time_that_never_was(machine: Machine) -> None:
    async with machine.engine.begin() as connection:
        await repository.accept(connection, NOW + timedelta(weeks=6))
    async with machine.engine.begin() as connection:
        await repository.accept(connection, NOW)
    watch = machine.watch()
    await watch.look()
    machine.clock.now += timedelta(days=15)
    assert watch.in_doubt()


class Sending:
    """Work that can't be taken back."""

    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=1), most_attempts=None)
    lease = timedelta(minutes=1)

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sent = 0

    async def perform(self, item: WorkItem) -> Outcome:
        self.sent += 1
        return Done()


async def test_no_work_but_what_is_safe_is_begun_meanwhile(machine: Machine) -> None:
    watch = machine.watch()
    await watch.look()
    sending, counting = Sending("send"), Sending("count")
    bell, stop = Wakeup(), asyncio.Event()
    watch.believed = bell.ring
    runner = Runner("notifier", machine.engine, [sending, counting], bell, clock=machine.clock, doubts=watch.in_doubt, regardless=["count"])
    async with machine.engine.begin() as connection:
        await worklist.add(connection, "send", uuid4(), NOW, NOW)
        await worklist.add(connection, "count", uuid4(), NOW, NOW)
    machine.clock.now += timedelta(days=15)
    running = asyncio.create_task(runner.run(stop))
    await asyncio.sleep(0.5)
    assert (sending.sent, counting.sent) == (0, 1)
    machine.clock.now -= timedelta(days=15)
    bell.ring()
    async with asyncio.timeout(3):
        while not sending.sent:
            await asyncio.sleep(0.02)
    stop.set()
    bell.ring()
    await running


async def test_nothing_is_deleted_meanwhile(machine: Machine) -> None:
    watch = machine.watch()
    await watch.look()
    asked: list[datetime] = []

    async def forget(connection: AsyncConnection, moment: datetime, most: int) -> int:
        asked.append(moment)
        return 0

    machine.clock.now += timedelta(days=4000)
    stop = asyncio.Event()
    retention = Retention("notifier", machine.engine, [Rule("letters", timedelta(days=365), forget)], machine.clock, watch.in_doubt)
    running = asyncio.create_task(retention.run(stop))
    await asyncio.sleep(0.3)
    assert asked == []
    stop.set()
    await running


async def test_a_handler_that_decides_by_the_time_waits(machine: Machine) -> None:
    watch = machine.watch()
    await watch.look()
    handled: list[int] = []

    async def handle(connection: AsyncConnection, messages: Sequence[Message]) -> Mapping[Partition, int]:
        handled.extend(message.offset for message in messages)
        return {}

    handler = UnlessDoubted(handle, watch.in_doubt)
    messages = [Message("a", partition, offset, "key", b"", ()) for partition, offset in ((0, 5), (1, 3), (0, 6))]
    machine.clock.now += timedelta(days=15)
    async with machine.engine.connect() as connection:
        assert await handler(connection, messages) == {messages[0].source: 5, messages[1].source: 3}
        assert handled == []
        machine.clock.now = NOW
        assert await handler(connection, messages) == {}
    assert handled == [5, 3, 6]
