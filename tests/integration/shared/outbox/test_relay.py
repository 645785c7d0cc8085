"""Messages of a transaction are sent when it commits: in order, at least once, and by one relay at a time."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.interface import MessageTooLargeError, Outgoing, Publisher
from shared.events.topics import SCHOOLS
from shared.leases.lease import FenceLostError
from shared.outbox import repository
from shared.telemetry import metrics
from tests.integration.shared.conftest import Sql
from tests.integration.shared.outbox.conftest import SCHEMA, NewRelay, Sent, Waiting, add, numbered, stopped


async def test_what_was_committed_is_sent_in_order_and_forgotten(
    engine: AsyncEngine, new_relay: NewRelay, sql: Sql, sent: Sent, waiting: Waiting
) -> None:
    for first in range(0, 1_200, 400):
        await add(engine, *range(first, first + 400))
    relay = new_relay()

    assert [await relay.run_once() for _ in range(4)] == [500, 500, 200, 0]

    assert await sent() == list(range(1_200))
    assert await waiting() == 0
    [row] = await sql('SELECT key, headers FROM bus.messages WHERE "offset" = 7')
    assert (row["key"], row["headers"]) == (b"0999", '[["ce_id","id-7"],["raw","\u00ff"]]')


async def test_a_tombstone_and_an_empty_value_are_sent_as_such(engine: AsyncEngine, new_relay: NewRelay, sql: Sql) -> None:
    async with engine.begin() as connection:
        await repository.add(connection, [Outgoing(SCHOOLS.name, b"a", None), Outgoing(SCHOOLS.name, b"b", b"")])
        await repository.add(connection, [])
    assert await new_relay().run_once() == 2
    assert [tuple(row) for row in await sql('SELECT key, value FROM bus.messages ORDER BY "offset"')] == [(b"a", None), (b"b", b"")]


async def test_a_message_that_the_bus_would_refuse_is_refused_at_once(engine: AsyncEngine, new_relay: NewRelay, sent: Sent) -> None:
    with pytest.raises(MessageTooLargeError):
        async with engine.begin() as connection:
            await repository.add(connection, [*numbered(1), Outgoing(SCHOOLS.name, b"0999", b"x" * 1_000_000)])
    await add(engine, 2)
    assert await new_relay().run_once() == 1
    assert await sent() == [2]


class NarrowPublisher:
    """A bus that takes no value of more than three bytes."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.longest = 3

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        refused = [message for message in messages if len(message.value or b"") > self.longest]
        await self._publisher.publish([message for message in messages if message not in refused])
        if refused:
            raise MessageTooLargeError("too large", refused)


async def test_what_the_broker_finds_too_large_is_set_aside_and_tried_again_after_a_restart(
    engine: AsyncEngine, new_relay: NewRelay, publisher: Publisher, sent: Sent, waiting: Waiting
) -> None:
    narrow = NarrowPublisher(publisher)
    relay = new_relay(publisher=narrow)
    await add(engine, 1, 12345, 2)
    await relay.run_once()
    await add(engine, 3)
    assert await relay.run_once() == 1
    assert await relay.run_once() == 0

    assert await sent() == [1, 2, 3]
    assert await waiting() == 1
    assert metrics.OUTBOX_REFUSED.labels(SCHEMA)._value.get() == 1
    assert metrics.OUTBOX_PENDING.labels(SCHEMA)._value.get() == 0

    narrow.longest = 10
    await stopped(relay)
    await new_relay(publisher=narrow).run_once()
    assert await sent() == [1, 2, 3, 12345]
    assert await waiting() == 0


async def test_what_was_rolled_back_was_never_said(engine: AsyncEngine, new_relay: NewRelay, sent: Sent) -> None:
    with suppress(ZeroDivisionError):
        async with engine.begin() as connection:
            await repository.add(connection, numbered(1, 2))
            raise ZeroDivisionError
    await add(engine, 3)

    assert await new_relay().run_once() == 1
    assert await sent() == [3]


async def test_a_crash_before_forgetting_sends_the_same_again(
    engine: AsyncEngine, new_relay: NewRelay, sql: Sql, sent: Sent, waiting: Waiting
) -> None:
    await sql("CREATE TABLE ingest.archive (number int NOT NULL)")
    await sql("GRANT INSERT, SELECT ON ingest.archive TO star_ingest_service")
    crash = True

    async def archive(connection: AsyncConnection, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            await connection.execute(text("INSERT INTO archive VALUES (:number)"), {"number": int(message.value or b"")})
        if crash:
            raise ZeroDivisionError

    await add(engine, 1, 2)
    with pytest.raises(ZeroDivisionError):
        await new_relay(archive=archive).run_once()
    assert await sent() == [1, 2]
    assert await waiting() == 2
    assert await sql("SELECT * FROM ingest.archive") == []

    crash = False
    assert await new_relay(archive=archive).run_once() == 2

    assert await sent() == [1, 2, 1, 2]
    assert await waiting() == 0
    headers = [row["headers"] for row in await sql('SELECT headers FROM bus.messages ORDER BY "offset"')]
    assert headers[:2] == headers[2:]
    assert [row["number"] for row in await sql("SELECT number FROM ingest.archive")] == [1, 2]


async def test_one_relay_leads_and_the_next_takes_over(engine: AsyncEngine, new_relay: NewRelay, sent: Sent) -> None:
    first, second = new_relay(), new_relay()
    await add(engine, 1)
    assert await first.run_once() == 1
    await add(engine, 2)
    assert await second.run_once() == 0
    assert await first.run_once() == 1

    # Stopped, it gives the leadership up.
    await stopped(first)
    await add(engine, 3)
    assert await second.run_once() == 1
    assert await sent() == [1, 2, 3]


async def test_a_relay_that_loses_its_connection_still_leads(
    engine: AsyncEngine, new_relay: NewRelay, sent: Sent, cut: Callable[[str], Awaitable[None]]
) -> None:
    first, second = new_relay(), new_relay()
    await add(engine, 1)
    assert await first.run_once() == 1
    await cut("star-ingest")
    await add(engine, 2)
    assert await second.run_once() == 0
    assert await first.run_once() == 1
    assert await sent() == [1, 2]


async def test_a_relay_that_vanished_is_followed_when_its_lease_has_ended(
    engine: AsyncEngine, new_relay: NewRelay, sql: Sql, sent: Sent
) -> None:
    vanished, next_ = new_relay(), new_relay()
    await add(engine, 1)
    assert await vanished.run_once() == 1
    await add(engine, 2)
    assert await next_.run_once() == 0
    await sql("UPDATE ingest.leases SET until = now() - interval '1 second'")
    assert await next_.run_once() == 1
    assert await sent() == [1, 2]


async def test_a_relay_that_was_frozen_while_it_published_forgets_nothing(
    engine: AsyncEngine, publisher: Publisher, new_relay: NewRelay, sql: Sql, sent: Sent, waiting: Waiting
) -> None:
    """It wakes up after another one has taken over: what it writes then is refused by its fence."""
    next_ = new_relay()

    class Freezing:
        start, stop = publisher.start, publisher.stop

        async def publish(self, messages: Sequence[Outgoing]) -> None:
            await sql("UPDATE ingest.leases SET until = now() - interval '1 second'")
            assert await next_.run_once() == 1
            await add(engine, 2)

    await add(engine, 1)
    frozen = new_relay(publisher=Freezing())
    with pytest.raises(FenceLostError):
        await frozen.run_once()
    assert await sent() == [1]
    assert await waiting() == 1
    assert await frozen.run_once() == 0
    assert await next_.run_once() == 1


async def test_the_age_of_what_waits_is_said_by_standbys_too(engine: AsyncEngine, new_relay: NewRelay, sql: Sql) -> None:
    leader, standby = new_relay(), new_relay()
    assert await leader.run_once() == 0
    await add(engine, 1)
    await sql("UPDATE ingest.outbox SET created_at = now() - interval '2 minutes'")
    assert await standby.run_once() == 0
    assert 119 < metrics.OUTBOX_AGE_SECONDS.labels(SCHEMA)._value.get() < 180
    assert await leader.run_once() == 1
    assert await leader.run_once() == 0
    assert metrics.OUTBOX_AGE_SECONDS.labels(SCHEMA)._value.get() == 0
