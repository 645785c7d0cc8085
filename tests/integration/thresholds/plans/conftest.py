"""A board for each test."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.bus.embedded.bus import EmbeddedBus
from tests.integration.thresholds.plans.board import Board
from tests.support.chromium import chromium
from tests.support.servers import serving

__all__ = ["board", "chromium"]


@pytest.fixture
async def board(database_url: str, tmp_path: Path) -> AsyncIterator[Board]:
    """A board whose school is known; the service serves and works."""
    # Tests turn the clock by years.
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url, clock_jump=timedelta(days=3660))
    bus = EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=10))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    board = Board(settings, publisher)
    async with serving(create_app(settings, clock=board.clock)) as board.api:
        await board.start()
        await board.school()
        yield board
        await board.stop()
    await board.http.aclose()
    await publisher.stop()
    await bus.close()
