"""Two schools in all four services, and the console in front of them."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.apis.conftest import catcher, desk, heart, settings, world
from tests.integration.apis.world import World
from tests.integration.console.screens import Screens, screens_before

__all__ = ["catcher", "desk", "heart", "settings", "world"]


@pytest.fixture
async def screens(world: World, database_url: str) -> AsyncIterator[Screens]:
    async with screens_before(world.apis, database_url) as screens:
        yield screens
