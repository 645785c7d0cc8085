"""The heart's API, and the people who use it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from tests.integration.thresholds.conftest import NOW, Heart
from tests.integration.thresholds.records.staffroom import Staffroom
from tests.support.clock import ManualClock
from tests.support.servers import serving


@pytest.fixture
async def staffroom(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Staffroom]:
    clock = ManualClock(NOW)
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    await heart.school()
    async with (
        serving(create_app(settings, clock=clock)) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as client,
    ):
        yield Staffroom(heart, client, tmp_path, clock)
