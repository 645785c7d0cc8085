"""Pauses that double, up to a longest, each somewhere between half and all of itself."""

from datetime import timedelta

import pytest

from shared.worklist.tasks import Backoff

BACKOFF = Backoff(first=timedelta(seconds=2), longest=timedelta(minutes=1), most_attempts=None)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (21, 60), (1_000, 60), (10_000_000, 60)]
)
def test_the_pause_after_an_attempt(attempt: int, seconds: int) -> None:
    pauses = [BACKOFF.after(attempt).total_seconds() for _ in range(200)]
    assert all(seconds / 2 <= pause <= seconds for pause in pauses)
    # Spread over that range: not all at one end of it.
    assert min(pauses) < 0.65 * seconds
    assert max(pauses) > 0.85 * seconds
