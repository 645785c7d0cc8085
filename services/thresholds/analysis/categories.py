"""The Ministry's categories of attendance for many students at once, and the distance to the national target. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.thresholds.attendance.view import FLOORS, Category

CATEGORIES: Final[tuple[Category, ...]] = (*(name for name, _ in FLOORS), "chronic")
CategoryLevel = Category | Literal["unmarked"]
UNMARKED: Final = "unmarked"
LEVELS: Final[tuple[CategoryLevel, ...]] = (UNMARKED, *CATEGORIES)
"""A student's level is the place in this: 0 where no half day is marked yet, then from the best category to the worst."""

TARGET: Final = 80
"""Per cent of students regular by 2030: the Government's target."""


@dataclass(frozen=True, slots=True)
class Target:
    """The distance to the national target, among the students who have a category.

    `percentage_points`: by how much the share of regular students is above it, or below where negative. `students`: how many more
    would have to be regular; 0 where it is reached.
    """

    target_share: float
    regular_share: float
    percentage_points: float
    students: int


def category_levels(attended: NDArray[np.integer], counted: NDArray[np.integer]) -> NDArray[np.int64]:
    """Each student's level, from the half days attended and those counted; see `attendance.Attendance.category`."""
    there, whole = attended.astype(np.int64), counted.astype(np.int64)
    level = np.full(len(whole), len(LEVELS) - 1, dtype=np.int64)
    for number in range(len(FLOORS), 0, -1):
        # In whole numbers: a share of exactly 90% must not become regular by rounding.
        level[there * 100 > FLOORS[number - 1][1] * whole] = number
    level[whole == 0] = 0
    return level


def target(regular: int, students: int) -> Target | None:
    """The distance; None without students."""
    if not students:
        return None
    return Target(
        target_share=TARGET / 100,
        regular_share=round(regular / students, 4),
        percentage_points=round(regular * 100 / students - TARGET, 1),
        students=max(-(-TARGET * students // 100) - regular, 0),
    )
