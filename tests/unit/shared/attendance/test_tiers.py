"""The levels are the Ministry's: 5, 10 and 15 days, counted in half days."""

import pytest

from shared.attendance.tiers import Tier, highest_threshold, level_of, tier_of


@pytest.mark.parametrize(
    ("half_days", "tier", "level", "threshold"),
    [
        (0, "green", 0, None),
        (9, "green", 0, None),
        (10, "yellow", 1, 5),
        (19, "yellow", 1, 5),
        (20, "orange", 2, 10),
        (29, "orange", 2, 10),
        (30, "red", 3, 15),
        (96, "red", 3, 15),
    ],
)
def test_every_boundary(half_days: int, tier: Tier, level: int, threshold: int | None) -> None:
    assert tier_of(half_days) == tier
    assert level_of(half_days) == level
    assert highest_threshold(tier) == threshold
