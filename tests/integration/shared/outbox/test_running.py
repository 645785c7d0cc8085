"""The relay's loop: through outages, woken by commits, and never two at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.interface import BusUnavailableError, Outgoing, Publisher
from shared.db.listen import Wakeup, listen
from shared.leases.lease import Lease
from shared.outbox import relay as module
from shared.outbox import repository
from shared.outbox.relay import LEASE, Relay
from tests.integration.shared.outbox.conftest import SCHEMA, Sent, Waiting, add
from tests.support.polling import eventually


async def test_many_relays_at_once_send_each_message_once(
    engine: AsyncEngine, publisher: Publisher, sent: Sent, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", timedelta(milliseconds=5))
    stop = asyncio.Event()
    relays = [asyncio.create_task(Relay(SCHEMA, engine, publisher, Wakeup(), Lease(engine, SCHEMA, LEASE)).run(stop)) for _ in range(2)]
    for number in range(100):
        await add(engine, number)
    await eventually(waiting, 0)
    stop.set()
    await asyncio.gather(*relays)
    assert await sent() == list(range(100))


class AwayAtFirst:
    """A publisher whose bus is away for the first calls."""

    def __init__(self, publisher: Publisher, calls: int) -> None:
        self._publisher = publisher
        self.calls = calls

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.calls:
            self.calls -= 1
            raise BusUnavailableError("away")
        await self._publisher.publish(messages)


async def test_it_waits_for_a_bus_that_is_away_and_for_its_database(
    engine: AsyncEngine,
    publisher: Publisher,
    sent: Sent,
    waiting: Waiting,
    cut: Callable[[str], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AWAY_PAUSE", 0.01)
    monkeypatch.setattr(module, "POLL", timedelta(milliseconds=10))
    away = AwayAtFirst(publisher, 3)
    stop = asyncio.Event()
    await add(engine, 1)
    relaying = asyncio.create_task(Relay(SCHEMA, engine, away, Wakeup(), Lease(engine, SCHEMA, LEASE)).run(stop))
    await eventually(waiting, 0)
    for number in (2, 3):
        await cut("star-ingest")
        await add(engine, number)
        await eventually(waiting, 0)
    stop.set()
    await relaying
    assert sorted(set(await sent())) == [1, 2, 3]


async def test_a_commit_rings_the_relay(
    engine: AsyncEngine, database_url: str, publisher: Publisher, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", timedelta(days=1))
    bell, stop = Wakeup(), asyncio.Event()
    loops = [
        asyncio.create_task(listen(database_url, {repository.channel(SCHEMA): bell.ring}, stop)),
        asyncio.create_task(Relay(SCHEMA, engine, publisher, bell, Lease(engine, SCHEMA, LEASE)).run(stop)),
    ]
    for number in range(3):
        await add(engine, number)
        await eventually(waiting, 0)
    stop.set()
    bell.ring()
    await asyncio.gather(*loops)
