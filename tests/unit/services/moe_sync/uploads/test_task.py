"""The worker looks for uploads when one is due that it has room for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.moe_sync.uploads import task as task_module
from services.moe_sync.uploads.circuit import IN_A_ROW, Circuit
from services.moe_sync.uploads.task import UploadTask
from shared.places import Places

NOW = datetime(2026, 10, 23, 5, tzinfo=UTC)
NO_DATABASE: Any = None


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> UploadTask:
    """With uploads that are due, and two places."""

    async def due(*_: object) -> datetime:
        return NOW - timedelta(minutes=1)

    monkeypatch.setattr(task_module.worklist, "next_due", due)
    return UploadTask(NO_DATABASE, {}, "https", timedelta(minutes=2), places=Places(2), monotonic=lambda: 100.0)


async def test_uploads_that_no_place_is_free_for_are_not_looked_for_until_one_is(task: UploadTask) -> None:
    for _ in range(2):
        assert await task.next_due(NO_DATABASE, NOW) == NOW - timedelta(minutes=1)
        await task.places.acquire()
    assert await task.next_due(NO_DATABASE, NOW) is None
    task.places.release()
    assert await task.next_due(NO_DATABASE, NOW) == NOW - timedelta(minutes=1)


async def test_in_an_outage_the_one_that_asks_is_waited_for(task: UploadTask) -> None:
    task.circuits["https"] = Circuit(failures=IN_A_ROW, ask_at=103.0)
    assert await task.next_due(NO_DATABASE, NOW) == NOW + timedelta(seconds=3)
    await task.places.acquire()
    assert await task.next_due(NO_DATABASE, NOW) is None
