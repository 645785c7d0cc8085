"""A group's account of what it has consumed: compare-and-set with the batch, adopted once, findings that stay."""

from collections.abc import AsyncIterator, Mapping
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from shared.bus.interface import Log, Partition
from shared.db.engine import create_engine
from shared.offsets import repository
from shared.offsets.ledger import Ledger, PartitionLostError
from shared.telemetry import metrics
from tests.integration.shared.conftest import Sql

A, B = Partition("star.marks.v1", 0), Partition("star.marks.v1", 1)
TOPIC = UUID(int=1)
LOGS = {A: Log(TOPIC, 0, 100), B: Log(TOPIC, 0, 100)}
GROUP = "thresholds.marks"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "thresholds", pool_size=3)
    yield engine
    await engine.dispose()


def committed(offsets: Mapping[Partition, int] | None = None):  # type: ignore[no-untyped-def]
    async def ask() -> Mapping[Partition, int]:
        return offsets or {}

    return ask


async def consume(engine: AsyncEngine, ledger: Ledger, offsets: Mapping[Partition, int]) -> None:
    async with engine.begin() as connection:
        await ledger.advance(connection, offsets)
    ledger.advanced(offsets)


async def test_a_new_group_begins_with_the_oldest_message_and_goes_on_where_it_was(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, GROUP)
    assert await ledger.positions(LOGS, committed({A: 70})) == {A: 0, B: 0}
    await consume(engine, ledger, {A: 10})
    await consume(engine, ledger, {A: 30, B: 5})

    assert await Ledger(engine, GROUP).positions(LOGS, committed({A: 70})) == {A: 30, B: 5}
    assert await Ledger(engine, "thresholds.other").positions(LOGS, committed()) == {A: 0, B: 0}


async def test_what_is_rolled_back_was_not_consumed(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, GROUP)
    await ledger.positions(LOGS, committed())
    with pytest.raises(ZeroDivisionError):
        async with engine.begin() as connection:
            await ledger.advance(connection, {A: 10})
            raise ZeroDivisionError
    assert await ledger.positions(LOGS, committed()) == {A: 0, B: 0}
    await consume(engine, ledger, {A: 10})


async def test_a_worker_that_lost_its_partition_can_keep_nothing(engine: AsyncEngine) -> None:
    paused, successor = Ledger(engine, GROUP), Ledger(engine, GROUP)
    await paused.positions(LOGS, committed())
    await successor.positions(LOGS, committed())
    await consume(engine, successor, {A: 10})

    with pytest.raises(PartitionLostError):
        await consume(engine, paused, {A: 7, B: 7})

    assert await paused.positions(LOGS, committed()) == {A: 10, B: 0}
    await consume(engine, paused, {A: 11})
    with pytest.raises(PartitionLostError):
        await consume(engine, paused, {Partition("star.marks.v1", 2): 1})


async def test_a_schema_that_was_in_use_takes_over_what_was_committed_once(engine: AsyncEngine, sql: Sql) -> None:
    await sql("INSERT INTO thresholds.adopts_committed VALUES (now())")
    ledger = Ledger(engine, GROUP)
    # The other worker still runs the release before: what it has committed of its partition is no beginning.
    assert await ledger.positions({A: LOGS[A]}, committed({A: 70, B: 80})) == {A: 70}
    assert await ledger.positions(LOGS, committed({A: 75, B: 90})) == {A: 70, B: 80}
    new = Partition("star.marks.v1", 2)
    assert await ledger.positions({new: Log(TOPIC, 0, 40)}, committed({new: 30})) == {new: 0}
    assert await Ledger(engine, "thresholds.reading", adopts=False).positions(LOGS, committed({A: 70})) == {A: 0, B: 0}


async def test_a_gap_stays_on_record_until_a_person_settles_it(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, GROUP)
    await ledger.positions(LOGS, committed())
    await consume(engine, ledger, {A: 10, B: 50})
    logs = {A: Log(TOPIC, 20, 100), B: Log(TOPIC, 20, 100)}

    assert await ledger.positions(logs, committed()) == {A: 20, B: 50}
    # Looked at again, it is no new finding.
    assert await ledger.positions(logs, committed()) == {A: 20, B: 50}

    async with engine.begin() as connection:
        [gap] = await repository.open_gaps(connection)
        assert (gap.group, gap.partition, gap.kind, gap.from_offset, gap.to_offset) == (GROUP, A, "lost", 10, 20)
        assert gap.from_time is not None
    assert metrics.OFFSET_GAPS.labels(GROUP)._value.get() == 1
    async with engine.begin() as connection:
        assert await repository.settle_gaps(connection, [gap.id]) == 1
    await ledger.positions(logs, committed())
    assert metrics.OFFSET_GAPS.labels(GROUP)._value.get() == 0


async def test_what_was_lost_is_said_once_and_counted_by_every_process_that_comes_after(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, GROUP)
    await ledger.positions(LOGS, committed())
    await consume(engine, ledger, {A: 10})
    logs = {A: Log(TOPIC, 20, 100), B: Log(TOPIC, 0, 100)}
    with capture_logs() as lines:
        await ledger.positions(logs, committed({A: 10}))
    [line] = [line for line in lines if line["event"] == "bus.gap"]
    assert (line["log_level"], line["kind"], line["partition"], line["from_offset"], line["to_offset"]) == ("error", "lost", 0, 10, 20)

    await consume(engine, ledger, {A: 60})
    # Restarts, and messages that went well since, do not make it undone.
    for _ in range(2):
        metrics.OFFSET_GAPS.labels(GROUP).set(0)
        with capture_logs() as lines:
            assert await Ledger(engine, GROUP).positions(logs, committed({A: 60})) == {A: 60, B: 0}
        assert [line for line in lines if line["event"] == "bus.gap"] == []
        assert metrics.OFFSET_GAPS.labels(GROUP)._value.get() == 1


async def test_another_topic_is_read_from_its_start(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, GROUP)
    await ledger.positions(LOGS, committed())
    await consume(engine, ledger, {A: 60, B: 60})
    made_again = {partition: Log(UUID(int=2), 0, 90) for partition in LOGS}

    assert await ledger.positions(made_again, committed({A: 60})) == {A: 0, B: 0}
    await consume(engine, ledger, {A: 1})

    async with engine.begin() as connection:
        assert [gap.kind for gap in await repository.open_gaps(connection, GROUP)] == ["another-topic"] * 2


async def test_what_other_generations_consumed_is_forgotten(engine: AsyncEngine) -> None:
    for group in ("moe.students.1", "moe.students.2", "moe.studentsx"):
        await Ledger(engine, group).positions({A: LOGS[A]}, committed())
    async with engine.begin() as connection:
        await repository.forget_others(connection, "moe.students.", "moe.students.2")
    async with engine.connect() as connection:
        assert [len(await repository.kept(connection, f"moe.students{n}")) for n in (".1", ".2", "x")] == [0, 1, 1]


async def test_a_restore_is_found_once_and_stays_on_record(engine: AsyncEngine, sql: Sql) -> None:
    ledger = Ledger(engine, GROUP)
    await ledger.positions(LOGS, committed())
    await consume(engine, ledger, {A: 10})
    before = "SELECT topic, partition, from_offset, to_offset FROM thresholds.restores ORDER BY partition"
    # As far as this process goes: the bus was told after the database.
    assert await ledger.positions(LOGS, committed({A: 10})) == {A: 10, B: 0}
    assert await sql(before) == []

    for _ in range(2):
        assert await Ledger(engine, GROUP).positions(LOGS, committed({A: 70, B: 0})) == {A: 10, B: 0}
    assert [tuple(row) for row in await sql(before)] == [("star.marks.v1", 0, 10, 70)]
    async with engine.connect() as connection:
        found = await repository.restored_at(connection, GROUP)
        assert found is not None
        assert await repository.restored_at(connection, "thresholds.roster") is None


async def test_processes_of_the_release_before_look_like_no_restore(engine: AsyncEngine, sql: Sql) -> None:
    await sql("INSERT INTO thresholds.adopts_committed VALUES (now())")
    await Ledger(engine, GROUP).positions(LOGS, committed({A: 70}))
    await Ledger(engine, GROUP).positions(LOGS, committed({A: 90}))
    assert await sql("SELECT * FROM thresholds.restores") == []
