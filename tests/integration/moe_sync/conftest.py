"""An office for each test."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.sandbox.ministry import create_ministry
from services.moe_sync.app import create_app
from shared.bus.embedded.bus import EmbeddedBus
from tests.integration.moe_sync.office import MONDAY, Office
from tests.support.clock import ManualClock
from tests.support.servers import serving


@pytest.fixture
async def closed_office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """An office whose worker has not started yet; its API and the Ministry serve."""
    clock = ManualClock(MONDAY)
    bus = EmbeddedBus(database_url, partitions=2, publish_timeout=timedelta(seconds=10))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    async with serving(create_ministry(tmp_path / "ministry")) as ministry:
        office = Office(database_url, tmp_path, clock, publisher, ministry)
        async with serving(create_app(office.settings, clock=clock)) as office.api:
            yield office
            await office.stop()
    await office.http.aclose()
    await publisher.stop()
    await bus.close()


@pytest.fixture
async def office(closed_office: Office) -> Office:
    """An office at work, which knows its school, on the Monday of 2026-W43."""
    await closed_office.start()
    await closed_office.publish(closed_office.school())
    return closed_office
