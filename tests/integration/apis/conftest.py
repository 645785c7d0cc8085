"""The four APIs for each test, empty or with two schools in them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.settings import NotifierSettings
from shared.clock import utc_now
from tests.integration.apis.four_apis import FourApis, four_apis
from tests.integration.apis.world import OTHER, OWN, World
from tests.integration.notifier.conftest import Desk, catcher, desk, settings
from tests.integration.thresholds.conftest import NOW, Heart, heart

__all__ = ["catcher", "desk", "heart", "settings"]


@pytest.fixture
async def apis(database_url: str, tmp_path: Path) -> AsyncIterator[FourApis]:
    async with four_apis(database_url, tmp_path, utc_now) as apis:
        yield apis


@pytest.fixture
async def world(database_url: str, tmp_path: Path, settings: NotifierSettings, heart: Heart, desk: Desk) -> AsyncIterator[World]:
    async with four_apis(database_url, tmp_path, lambda: NOW) as apis:
        world = World(apis, heart, desk)
        for school in (OWN, OTHER):
            await world.make(school)
        await world.finish()
        yield world
