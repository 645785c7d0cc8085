"""Absence before and after a response activity, beside similar students without one in the same weeks. Pure.

Compared are four school weeks (20 school days, over the holidays where need be) before the day of the activity with the four
after it; the day itself is in neither. Similar are students in the same band of year levels who had no response of any kind in the weeks
before, nor on the day, whose rate of absence before differed by at most a half day in twenty days, and who were absent about as much in
the very last week: an activity often follows a spell that is still going on. Responses afterwards make no difference: a response follows
absences, so leaving those out who had one later would leave those who improved, and make any activity look harmful.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.disclosure import FEWEST, is_small
from services.thresholds.plans.activities.activity import STANDARD

WINDOW: Final = 20
"""School days on either side: four weeks."""

LEAST_COUNTED: Final = WINDOW
"""Half days marked as attended or absent on either side, at the least: half of the window's."""

LAST_WEEK: Final = 5
RECENT: Final = (0, 1, 4, 7)
"""School days, and half days absent in them from which on a student is in the next band: none, up to three, up to six, more."""

SIMILAR: Final = 0.025
"""How much the rate before may differ: one half day of forty."""

INTERVAL_FROM: Final = 20
"""Students from which on an interval is given. With fewer, the spread is too badly known for one."""

SPREAD: Final = 2.1
"""Standard errors on either side: at least 95% of cases for as many students (Student's t)."""

_APART: Final = 10.0

WARNING: Final = (
    "This compares, it does not prove. Students were not picked at random for an activity: those without one differ in ways that no"
    " register shows. Absence that was unusually high tends to fall by itself, which is why similar students are shown beside. Other things"
    " happened in the same weeks, other activities among them. Similar students stand beside several others at once, so the interval is"
    " rather too narrow. Read a difference as a question to ask, not as an answer."
)

BANDS: Final = ((0, 3), (4, 6), (7, 8), (9, 10), (11, 15))
"""Year levels that are taken as similar, first and last."""


@dataclass(frozen=True, slots=True)
class Response:
    """An activity for a student (by place among the students), and its standard code."""

    student: int
    activity: str
    occurred_on: date


@dataclass(frozen=True, slots=True)
class Timeline:
    """School days in a row, over the terms: half days absent, and half days marked, students by days. `ended`: how many have ended."""

    days: Sequence[date]
    absent: NDArray[np.int8]
    counted: NDArray[np.int8]
    ended: int


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A student's rates of absence before and after an activity, and those of the similar students; None where there were none."""

    student: int
    before: float
    after: float
    similar: tuple[float, float] | None
    similar_students: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of one kind of activity. `waiting`: students whose weeks after are not over; `unmeasured`: students with too few
    marks before or after. None where it is not to be shown."""

    activity: str
    compared: tuple[Compared, ...] | None
    waiting: frozenset[int] | None
    unmeasured: frozenset[int]


@dataclass(frozen=True, slots=True)
class Similar:
    """The similar students: how many different ones, and their mean rates, each student with an activity weighing the same.

    `difference`: by how much the rate changed more (or less, where negative) than theirs, for the `matched` students who had any; and the
    interval around it.
    """

    matched: int
    students: int
    rate_before: float
    rate_after: float
    change: float
    difference: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class ActivityEffect:
    """Absence in the four school weeks before and after an activity. Each student counts once, with the first of its kind in the term.

    None where there are too few students.
    """

    activity: str
    label: str
    students: int | None
    rate_before: float | None
    rate_after: float | None
    change: float | None
    similar: Similar | None
    waiting: int | None


def band(year_level: int | None) -> int:
    """The band of a year level; students whose year is not known are a band of their own."""
    if year_level is None:
        return -1
    return next(number for number, (_, last) in enumerate(BANDS) if year_level <= last)


def firsts(responses: Iterable[Response], start: date, end: date) -> dict[str, list[Response]]:
    """By activity, the first of each student between two days, both included."""
    first: dict[tuple[str, int], Response] = {}
    for response in sorted(responses, key=lambda response: response.occurred_on):
        if start <= response.occurred_on <= end:
            first.setdefault((response.activity, response.student), response)
    by_activity: dict[str, list[Response]] = defaultdict(list)
    for response in first.values():
        by_activity[response.activity].append(response)
    return dict(by_activity)


def measure(
    firsts: Mapping[str, Sequence[Response]], every: Sequence[Response], timeline: Timeline, bands: Sequence[int]
) -> list[Measured]:
    """The first responses of each activity, measured; `every` response of the weeks before stands in the way of being a similar student."""
    weeks = _Weeks(timeline, every, bands)
    by_activity = []
    for activity, responses in firsts.items():
        by_day: dict[date, list[int]] = defaultdict(list)
        for response in responses:
            by_day[response.occurred_on].append(response.student)
        compared: list[Compared] = []
        waiting: list[int] = []
        unmeasured: list[int] = []
        for day, students in by_day.items():
            around = weeks.around(day)
            if around is None:
                (waiting if weeks.not_over(day) else unmeasured).extend(students)
            else:
                compared += around.compared([student for student in students if around.measured[student]])
                unmeasured += [student for student in students if not around.measured[student]]
        by_activity.append(Measured(activity, tuple(compared), frozenset(waiting), frozenset(unmeasured)))
    return by_activity


def effect(measured: Measured) -> ActivityEffect:
    """The numbers that may be shown; none about fewer than five students, nor any that would tell of fewer."""
    compared, label = measured.compared, STANDARD.get(measured.activity, measured.activity)
    waiting = None if measured.waiting is None or is_small(len(measured.waiting)) else len(measured.waiting)
    if compared is None or len(compared) < FEWEST:
        return ActivityEffect(measured.activity, label, 0 if compared == () else None, None, None, None, None, waiting)
    matched = [student for student in compared if student.similar is not None]
    if is_small(len(compared) - len(matched)) and len(matched) >= FEWEST:
        # The few without similar students would stand out from the difference of the two means.
        compared = tuple(matched)
    before, after = _mean([student.before for student in compared]), _mean([student.after for student in compared])
    similar = _similar(matched)
    return ActivityEffect(
        measured.activity, label, len(compared), round(before, 4), round(after, 4), round(after - before, 4), similar, waiting
    )


def _similar(matched: Sequence[Compared]) -> Similar | None:
    if len(matched) < FEWEST:
        return None
    students = len(np.unique(np.concatenate([student.similar_students for student in matched])))
    if students < FEWEST:
        return None
    pairs = [(student, student.similar) for student in matched if student.similar is not None]
    before, after = _mean([rates[0] for _, rates in pairs]), _mean([rates[1] for _, rates in pairs])
    differences = [student.after - student.before - (rates[1] - rates[0]) for student, rates in pairs]
    mean = _mean(differences)
    interval = None
    if len(pairs) >= INTERVAL_FROM:
        error = sqrt(sum((difference - mean) ** 2 for difference in differences) / (len(pairs) - 1) / len(pairs))
        interval = (round(mean - SPREAD * error, 4), round(mean + SPREAD * error, 4))
    return Similar(len(pairs), students, round(before, 4), round(after, 4), round(after - before, 4), round(mean, 4), interval)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


class _Weeks:
    """The weeks before and after days, worked out once for each day."""

    def __init__(self, timeline: Timeline, every: Sequence[Response], bands: Sequence[int]) -> None:
        self._timeline = timeline
        self._bands = np.asarray(bands, dtype=np.int64)
        self._absent = _running(timeline.absent)
        self._counted = _running(timeline.counted)
        self._responses = (
            np.asarray([response.student for response in every], dtype=np.int64),
            np.asarray([response.occurred_on.toordinal() for response in every], dtype=np.int64),
        )
        self._known: dict[date, _Around | None] = {}

    def around(self, day: date) -> "_Around | None":
        """The weeks around a day; None where they are not all there."""
        if day not in self._known:
            self._known[day] = self._look(day)
        return self._known[day]

    def not_over(self, day: date) -> bool:
        """Whether what is missing are weeks that are still to come."""
        return self._after(day) + WINDOW > self._timeline.ended

    def _after(self, day: date) -> int:
        """The first day after it, by place."""
        at = bisect_left(self._timeline.days, day)
        return at + (at < len(self._timeline.days) and self._timeline.days[at] == day)

    def _look(self, day: date) -> "_Around | None":
        at, after = bisect_left(self._timeline.days, day), self._after(day)
        if at < WINDOW or after + WINDOW > self._timeline.ended:
            return None
        first = self._timeline.days[at - WINDOW].toordinal()
        students, days = self._responses
        untouched = np.ones(len(self._bands), dtype=np.bool_)
        untouched[students[(days >= first) & (days <= day.toordinal())]] = False
        return _Around(
            before=(self._absent[:, at] - self._absent[:, at - WINDOW], self._counted[:, at] - self._counted[:, at - WINDOW]),
            recent=self._absent[:, at] - self._absent[:, at - LAST_WEEK],
            after=(
                self._absent[:, after + WINDOW] - self._absent[:, after],
                self._counted[:, after + WINDOW] - self._counted[:, after],
            ),
            untouched=untouched,
            bands=self._bands,
        )


_HalfDayCounts = tuple[NDArray[np.int64], NDArray[np.int64]]


class _Around:
    """Everybody's weeks before and after one day: half days absent, and those counted."""

    def __init__(
        self,
        before: _HalfDayCounts,
        recent: NDArray[np.int64],
        after: _HalfDayCounts,
        untouched: NDArray[np.bool_],
        bands: NDArray[np.int64],
    ) -> None:
        self.measured = (before[1] >= LEAST_COUNTED) & (after[1] >= LEAST_COUNTED)
        self._before, self._after = before[0] / np.maximum(before[1], 1), after[0] / np.maximum(after[1], 1)
        # Students in one row, those of a band (of year levels and of the last week) together, by their rates: rates are under 2.
        strata = bands * len(RECENT) + np.searchsorted(RECENT, recent, side="right") - 1
        self._places = strata * _APART + self._before
        able = np.flatnonzero(self.measured & untouched)
        self._able = able[np.argsort(self._places[able], kind="stable")]
        self._row = self._places[self._able]
        self._before_sums, self._after_sums = _sums(self._before[self._able]), _sums(self._after[self._able])

    def compared(self, students: Sequence[int]) -> list[Compared]:
        """These students, who must be `measured`, beside the similar ones."""
        # A rate that differs by exactly as much as it may is similar, whatever the last binary digit.
        within = SIMILAR + 1e-9
        places = self._places[list(students)]
        lows, highs = np.searchsorted(self._row, places - within), np.searchsorted(self._row, places + within)
        counts = np.maximum(highs - lows, 1)
        befores = (self._before_sums[highs] - self._before_sums[lows]) / counts
        afters = (self._after_sums[highs] - self._after_sums[lows]) / counts
        return [
            Compared(
                student,
                float(self._before[student]),
                float(self._after[student]),
                (before, after) if high > low else None,
                self._able[low:high],
            )
            for student, low, high, before, after in zip(
                students, lows.tolist(), highs.tolist(), befores.tolist(), afters.tolist(), strict=True
            )
        ]


def _running(table: NDArray[np.int8]) -> NDArray[np.int64]:
    """Sums of the first days, for none up to all of them."""
    sums = np.zeros((table.shape[0], table.shape[1] + 1), dtype=np.int64)
    np.cumsum(table, axis=1, out=sums[:, 1:])
    return sums


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(values)))
