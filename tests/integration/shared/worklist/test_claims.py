"""Claims: one worker an item, for the length of a lease, with each attempt on record before it is made."""

import asyncio
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.worklist import repository
from shared.worklist.repository import Claimant, LeaseLostError, WorkItem
from tests.integration.shared.conftest import Sql
from tests.integration.shared.worklist.conftest import NOW, Attempts, add, claim, row
from tests.support.worklist import leases_run_out

MINUTE = timedelta(minutes=1)


async def settle(engine: AsyncEngine, item: WorkItem, outcome: str, **arguments: object) -> None:
    async with engine.begin() as connection:
        await repository.settle(connection, item, outcome, now=NOW, **arguments)  # type: ignore[arg-type]


async def test_what_is_due_is_claimed_oldest_first(engine: AsyncEngine) -> None:
    due = [await add(engine, due_at=NOW - number * MINUTE) for number in range(4)]
    await add(engine, due_at=NOW + timedelta(milliseconds=1))
    await add(engine, "webhook")

    assert {item.id for item in await claim(engine, most=2)} == {due[3], due[2]}
    assert {item.id for item in await claim(engine)} == {due[1], due[0]}
    assert await claim(engine) == []
    assert [item.kind for item in await claim(engine, "letter", "webhook")] == ["webhook"]


async def test_an_item_is_added_once(engine: AsyncEngine) -> None:
    item = await add(engine)
    async with engine.begin() as connection:
        assert not await repository.add(connection, "letter", item, NOW - MINUTE, NOW)
    assert (await row(engine, item))["due_at"] == NOW


async def test_claims_at_once_never_share_an_item(engine: AsyncEngine) -> None:
    items = {await add(engine) for _ in range(60)}

    async def work() -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        while claimed := await claim(engine, most=3):
            mine.extend(item.id for item in claimed)
        return mine

    shares = await asyncio.gather(*(work() for _ in range(5)))
    claimed = [item for share in shares for item in share]
    assert len(claimed) == 60
    assert set(claimed) == items


async def test_a_claim_under_way_is_passed_over_and_waited_for_by_nobody(engine: AsyncEngine) -> None:
    first = await add(engine)
    async with engine.begin() as connection:
        await repository.claim(connection, [Claimant("letter", MINUTE)], most=1, now=NOW)
        second = await add(engine)
        assert [item.id for item in await claim(engine)] == [second]
        await connection.rollback()
    # Rolled back, it was no claim: the attempt is not counted either.
    assert [(item.id, item.attempt) for item in await claim(engine)] == [(first, 1)]


async def test_a_lease_that_ran_out_goes_to_the_next_and_fences_off_the_first(engine: AsyncEngine, attempts: Attempts) -> None:
    item = await add(engine)
    [first] = await claim(engine)
    assert await attempts(item) == [(1, None, None)]
    assert await claim(engine, now=NOW + timedelta(days=1)) == []

    await leases_run_out(engine)
    [second] = await claim(engine)

    assert (first.attempt, second.attempt) == (1, 2)
    assert (first.lost, second.lost) == (0, 1)
    for outcome in ("done", "retry", "failed"):
        with pytest.raises(LeaseLostError):
            await settle(engine, first, outcome, detail="late")
    await settle(engine, second, "done", detail="in time")
    assert await attempts(item) == [(1, None, None), (2, "done", "in time")]
    assert (await row(engine, item))["state"] == "done"
    with pytest.raises(LeaseLostError):
        await settle(engine, second, "done")


async def test_a_late_end_counts_while_nobody_else_has_claimed_it(engine: AsyncEngine) -> None:
    item = await add(engine)
    [claimed] = await claim(engine, now=NOW - timedelta(hours=0), lease_for=timedelta(0))
    await settle(engine, claimed, "done")
    assert (await row(engine, item))["state"] == "done"
    assert await claim(engine, now=NOW + MINUTE) == []


async def test_a_lease_that_ends_later_than_any_can_is_nobodys(engine: AsyncEngine, sql: Sql) -> None:
    """It was given while the database's clock was ahead."""
    item = await add(engine)
    await claim(engine)
    await sql("UPDATE notifier.work SET due_at = clock_timestamp() + interval '50 seconds'")
    assert await claim(engine) == []
    await sql("UPDATE notifier.work SET due_at = clock_timestamp() + interval '1 day'")
    assert [claimed.id for claimed in await claim(engine)] == [item]


async def test_lost_attempts_are_those_since_one_last_ended(engine: AsyncEngine) -> None:
    await add(engine)
    none = timedelta(0)
    assert [item.lost for _ in range(3) for item in await claim(engine, lease_for=none)] == [0, 1, 2]
    [fourth] = await claim(engine, lease_for=none)
    await settle(engine, fourth, "retry", due_at=NOW, detail="busy")
    assert [(item.attempt, item.lost) for _ in range(2) for item in await claim(engine, lease_for=none)] == [(5, 0), (6, 1)]


async def test_only_what_waits_is_cancelled(engine: AsyncEngine) -> None:
    waiting, leased, done = await add(engine), await add(engine, "webhook"), await add(engine, "upload")
    await claim(engine, "webhook")
    [claimed] = await claim(engine, "upload")
    await settle(engine, claimed, "done")

    async with engine.begin() as connection:
        cancelled = [await repository.cancel(connection, item, NOW) for item in (waiting, leased, done, uuid.uuid4(), waiting)]

    assert cancelled == [True, False, False, False, False]
    assert [(await row(engine, item))["state"] for item in (waiting, leased, done)] == ["cancelled", "leased", "done"]
    assert await claim(engine) == []


async def test_cancelling_does_not_wait_for_a_claim_under_way(engine: AsyncEngine) -> None:
    item = await add(engine)
    async with engine.begin() as claiming:
        await repository.claim(claiming, [Claimant("letter", MINUTE)], most=1, now=NOW)
        async with engine.begin() as connection:
            assert not await repository.cancel(connection, item, NOW)


async def test_what_waits_or_was_given_up_can_be_moved(engine: AsyncEngine) -> None:
    waiting, failed, cancelled, leased = (
        await add(engine),
        await add(engine, "failed"),
        await add(engine, "cancelled"),
        await add(engine, "leased"),
    )
    [claimed] = await claim(engine, "failed")
    await settle(engine, claimed, "failed", detail="no such address")
    await claim(engine, "leased")
    later = NOW + timedelta(days=1)
    async with engine.begin() as connection:
        await repository.cancel(connection, cancelled, NOW)
        moved = [await repository.reschedule(connection, item, later, NOW) for item in (waiting, failed, cancelled, leased, uuid.uuid4())]

    assert moved == [True, True, True, False, False]
    for item in (waiting, failed, cancelled):
        now = await row(engine, item)
        assert (now["state"], now["due_at"], now["settled_at"]) == ("waiting", later, None)
    assert await claim(engine) == []
    assert {item.id for item in await claim(engine, "letter", "failed", "cancelled", now=later)} == {waiting, failed, cancelled}


async def test_what_is_due_next_and_what_is_overdue(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await repository.next_due(connection, ["letter", "webhook"]) is None
        assert await repository.overdue(connection, ["letter", "webhook"], NOW) == {"letter": 0, "webhook": 0}
    await add(engine, due_at=NOW + MINUTE)
    await add(engine, due_at=NOW)
    await add(engine, "upload", due_at=NOW - MINUTE)
    async with engine.connect() as connection:
        assert await repository.next_due(connection, ["letter", "webhook"]) == NOW
        assert await repository.overdue(connection, ["letter", "webhook"], NOW) == {"letter": 1, "webhook": 0}
        assert await repository.overdue(connection, ["letter"], NOW + MINUTE) == {"letter": 2}


async def test_kinds_share_the_places_evenly_whatever_waits_of_each(engine: AsyncEngine) -> None:
    for kind, number in (("letter", 30), ("delivery", 5), ("notice", 1)):
        for second in range(number):
            await add(engine, kind, due_at=NOW - MINUTE + timedelta(seconds=second if kind == "letter" else 50))

    async def kinds_of(most: int, **busy: int) -> Counter[str]:
        async with engine.begin() as connection:
            claimants = [Claimant(kind, MINUTE, busy.get(kind, 0)) for kind in ("letter", "delivery", "notice")]
            return Counter(item.kind for item in await repository.claim(connection, claimants, most=most, now=NOW))

    assert await kinds_of(6) == {"letter": 3, "delivery": 2, "notice": 1}
    # Whoever has four under way waits until the other has as many.
    assert await kinds_of(2, letter=4) == {"delivery": 2}
    assert await kinds_of(8) == {"letter": 7, "delivery": 1}


async def test_a_claim_does_not_read_what_is_not_due(engine: AsyncEngine, sql: Sql) -> None:
    await sql(
        """
        INSERT INTO notifier.work (id, kind, due_at, created_at)
        SELECT gen_random_uuid(), 'letter', CAST($1 AS timestamptz) + n * interval '1 second', $1 FROM generate_series(1, 20000) AS n
        """,
        NOW,
    )
    await sql("ANALYZE notifier.work")
    item = await add(engine)
    [claimed] = await claim(engine, most=8)
    assert claimed.id == item
    [plan] = await sql(
        """
        EXPLAIN (FORMAT JSON, ANALYZE) SELECT id FROM notifier.work
        WHERE kind = 'letter' AND state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT 8
        """,
        NOW,
    )
    assert "work_due" in plan[0]
    assert '"Rows Removed by Filter": 20000' not in plan[0]


async def test_a_clock_that_was_ahead_makes_no_wait_longer(engine: AsyncEngine) -> None:
    ahead, ten_minutes = NOW + timedelta(hours=1), timedelta(minutes=10)
    at_once, later, by_calendar, as_it_was = (uuid.uuid4() for _ in range(4))
    async with engine.begin() as connection:
        await repository.add(connection, "letter", at_once, ahead, ahead)
        await repository.add(connection, "letter", later, ahead + ten_minutes, ahead)
        await repository.add(connection, "letter", by_calendar, ahead + ten_minutes, ahead, by_calendar=True)
        await repository.add(connection, "letter", as_it_was, NOW + timedelta(days=1), NOW)
        assert await repository.keep_waits(connection, ["webhook"], NOW) == 0
        assert await repository.keep_waits(connection, ["letter"], ahead) == 0
        assert await repository.keep_waits(connection, ["letter"], NOW) == 2
        assert await repository.keep_waits(connection, ["letter"], NOW) == 0
    assert [item.id for item in await claim(engine, "letter")] == [at_once]
    dues = [(await row(engine, item))["due_at"] for item in (later, by_calendar, as_it_was)]
    assert dues == [NOW + ten_minutes, ahead + ten_minutes, NOW + timedelta(days=1)]


async def test_a_retry_waits_no_longer_either(engine: AsyncEngine) -> None:
    item = await add(engine)
    [claimed] = await claim(engine)
    ahead = NOW + timedelta(hours=1)
    async with engine.begin() as connection:
        await repository.settle(connection, claimed, "retry", now=ahead, due_at=ahead + timedelta(seconds=30))
        assert await repository.keep_waits(connection, ["letter"], NOW) == 1
    assert (await row(engine, item))["due_at"] == NOW + timedelta(seconds=30)
