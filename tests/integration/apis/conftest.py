"""The four APIs for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.clock import utc_now
from tests.integration.apis.four_apis import FourApis, four_apis


@pytest.fixture
async def apis(database_url: str, tmp_path: Path) -> AsyncIterator[FourApis]:
    async with four_apis(database_url, tmp_path, utc_now) as apis:
        yield apis
