"""A service's outbox, the bus it is carried to, and relays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing, Publisher
from shared.db.engine import create_engine
from shared.db.listen import Wakeup
from shared.events.topics import SCHOOLS
from shared.leases.lease import Lease
from shared.outbox import repository
from shared.outbox.relay import LEASE, Archive, Relay
from tests.integration.shared.conftest import Sql

SCHEMA = "ingest"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, SCHEMA, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def publisher(database_url: str) -> AsyncIterator[Publisher]:
    bus = EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=20))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    yield publisher
    await publisher.stop()
    await bus.close()


@pytest.fixture
async def new_relay(engine: AsyncEngine, publisher: Publisher) -> AsyncIterator[Callable[..., Relay]]:
    """Makes relays, which give the leadership up when the test ends."""
    relays: list[Relay] = []

    def new(engine: AsyncEngine = engine, publisher: Publisher = publisher, archive: Archive | None = None) -> Relay:
        relays.append(Relay(SCHEMA, engine, publisher, Wakeup(), Lease(engine, SCHEMA, LEASE), archive=archive))
        return relays[-1]

    yield new
    for relay in relays:
        await stopped(relay)


async def stopped(relay: Relay) -> None:
    stop = asyncio.Event()
    stop.set()
    await relay.run(stop)


def numbered(*numbers: int) -> list[Outgoing]:
    return [Outgoing(SCHOOLS.name, b"0999", b"%d" % number, (("ce_id", b"id-%d" % number), ("raw", b"\xff"))) for number in numbers]


async def add(engine: AsyncEngine, *numbers: int) -> None:
    async with engine.begin() as connection:
        await repository.add(connection, numbered(*numbers))


@pytest.fixture
def sent(sql: Sql) -> Callable[[], Awaitable[list[int]]]:
    async def look() -> list[int]:
        return [int(row["value"]) for row in await sql('SELECT value FROM bus.messages ORDER BY "offset"')]

    return look


@pytest.fixture
def waiting(sql: Sql) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return int((await sql("SELECT count(*) FROM ingest.outbox"))[0][0])

    return look


Sent = Callable[[], Awaitable[list[int]]]
Waiting = Callable[[], Awaitable[int]]
NewRelay = Callable[..., Relay]
