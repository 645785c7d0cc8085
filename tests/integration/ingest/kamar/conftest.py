"""A school with KAMAR for each test."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.ingest.settings import IngestSettings
from tests.integration.ingest.conftest import Door
from tests.integration.ingest.kamar.school import SCHOOL, Kamar


@pytest.fixture
async def kamar(door: Door, database_url: str) -> AsyncIterator[Kamar]:
    """A school with a timetable and a credential."""
    (await door.send("PUT", "/v1/schools/0999", json=SCHOOL)).raise_for_status()
    issued = (await door.send("POST", "/v1/schools/0999/kamar-credentials")).raise_for_status().json()
    settings = IngestSettings(data=door.data, database_url=database_url, kamar_slice=timedelta(seconds=30))
    yield Kamar(door, settings, (issued["username"], issued["password"]))
