"""The sets of students that an analysis can be asked about: all, each year level, each group, and where these cross. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.disclosure import Disclosure
from shared.attendance.enrolment import Enrolment

MOST_SETS: Final = 300
"""Sets that are weighed against each other, the largest first: what hides one set for the sake of another grows with their number."""

_ROUNDS: Final = 5

Year = int | None


@dataclass(frozen=True, slots=True)
class Student:
    """A student, by the school's key. Year level and groups are of now; a student who was not sent, or has left, has none."""

    student: str
    year_level: int | None
    groups: frozenset[str]
    on_roll: bool
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True)
class Sets:
    """Rows of students; the first is everybody. `years` and `groups` say which row is whose; `selected` is the row asked about, `rest` that
    of the year levels put together, where there are any.
    """

    members: NDArray[np.bool_]
    years: dict[Year, int]
    groups: dict[str, int]
    selected: int
    rest: int | None = None
    merged: tuple[Year, ...] = ()

    def disclosed(self, *, whole: bool) -> tuple["Sets", Disclosure]:
        """Which of them may be shown. Year levels that may not are put together, as one more set."""
        sets = self
        disclosure = Disclosure.of(sets.members, whole=whole)
        for _ in range(_ROUNDS):
            merged = tuple(year for year, row in self.years.items() if not disclosure.shown[row])
            if merged == sets.merged:
                break
            together = self.members[[self.years[year] for year in merged]].any(axis=0)
            same = np.flatnonzero((self.members == together).all(axis=1))
            members = self.members if len(same) else np.vstack([self.members, together])
            sets = replace(self, members=members, rest=int(same[0]) if len(same) else len(self.members), merged=merged)
            disclosure = Disclosure.of(members, whole=whole)
        return sets, disclosure


def sets_of(students: Sequence[Student], year_level: int | None, group: str | None) -> Sets:
    """The sets of these students, and the one selected. An unknown year level or group is a set of nobody."""
    years: dict[Year, list[int]] = defaultdict(list)
    groups: dict[str, list[int]] = defaultdict(list)
    crossed: dict[tuple[Year, str], list[int]] = defaultdict(list)
    for place, student in enumerate(students):
        years[student.year_level].append(place)
        for name in student.groups:
            groups[name].append(place)
            crossed[student.year_level, name].append(place)
    # The same students under two names are one set, or hiding one name would leave the other.
    rows: dict[tuple[int, ...], int] = {tuple(range(len(students))): 0}

    def row_of(places: Iterable[int]) -> int:
        return rows.setdefault(tuple(places), len(rows))

    year_rows = {year: row_of(years[year]) for year in sorted(years, key=lambda year: (year is None, year or 0))}
    group_rows: dict[str, int] = {}
    for name in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        if len(rows) < MOST_SETS:
            group_rows[name] = row_of(groups[name])
    for places in sorted(crossed.values(), key=len, reverse=True):
        if len(rows) < MOST_SETS:
            row_of(places)
    selected = row_of(place for place, student in enumerate(students) if is_selected(student, year_level, group))
    members = np.zeros((len(rows), len(students)), dtype=np.bool_)
    for same, row in rows.items():
        members[row, list(same)] = True
    return Sets(members, year_rows, dict(sorted(group_rows.items())), selected)


def is_selected(student: Student, year_level: int | None, group: str | None) -> bool:
    """Whether the student is of that year level and group; None asks for no particular one."""
    return (year_level is None or student.year_level == year_level) and (group is None or group in student.groups)
