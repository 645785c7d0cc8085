"""The four tiers of the Stepped Attendance Response and the three thresholds between them.

Counted in half days absent in one term, justified or not. Schools can't change the levels.
"""

from typing import Final, Literal

Tier = Literal["green", "yellow", "orange", "red"]
Threshold = Literal[5, 10, 15]

TIERS: Final[tuple[Tier, ...]] = ("green", "yellow", "orange", "red")
THRESHOLDS: Final[tuple[Threshold, ...]] = (5, 10, 15)
"""Days absent in the term."""

MEANING: Final[dict[Tier, str]] = {
    "green": "Good",
    "yellow": "Worrying",
    "orange": "Concerning",
    "red": "Serious concern",
}


def level_of(absent_half_days: int) -> int:
    """How many thresholds a number of half days has reached: 0 to 3."""
    return min(absent_half_days // 10, 3)


def tier_of(absent_half_days: int) -> Tier:
    """The tier that a number of half days absent falls in. 9 half days (4.5 days) are green, 10 are yellow."""
    return TIERS[level_of(absent_half_days)]


def days_to_next(absent_half_days: int) -> float | None:
    """The days left to the next threshold; None on the last tier."""
    return next((threshold - absent_half_days / 2 for threshold in THRESHOLDS if threshold * 2 > absent_half_days), None)


def near_threshold(absent_half_days: int, within: int) -> Threshold | None:
    """The next threshold, if so few half days or fewer are left to it."""
    return next((threshold for threshold in THRESHOLDS if 0 < threshold * 2 - absent_half_days <= within), None)


def highest_threshold(tier: Tier) -> Threshold | None:
    """The last threshold passed by a student of this tier; None for green."""
    level = TIERS.index(tier)
    return THRESHOLDS[level - 1] if level else None
