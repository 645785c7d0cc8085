"""Patterns in students' absences, each found by a stated rule with the numbers that made it. Pure.

The first three say that something happens more often than chance would have it; many students are looked at, so chance gets many
tries. Hence a minimum number of absences, a rate at least three times as high as otherwise, and a small probability of as many by
chance: `docs/reference/analysis.md` says how often each is wrong. The last two only describe how a total came about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import comb
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.counting import AFTERNOON, MORNING, HalfDays
from services.thresholds.analysis.weeks import WEEKDAYS
from shared.attendance.calendar import SATURDAY, SchoolCalendar, Term

Pattern = Literal["weekday", "around-breaks", "afternoons", "one-spell", "scattered"]
PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)

TIMES_AS_OFTEN: Final = 3
"""The rate of absence on the days of a pattern, as a multiple of that on all other days; at the least."""

CHANCE: Final = 0.001
"""The largest probability with which as many of a student's days absent would fall on the days of a pattern, were they dealt out over
the days marked without regard to it."""

WEEKDAY_ABSENCES: Final = 4
BREAK_ABSENCES: Final = 3
BREAKS: Final = 2
"""Days absent of a pattern at the least; and the breaks that they must lie beside."""

AFTERNOONS: Final = 6
AFTERNOON_CHANCE: Final = 0.01
"""Only the few students with as many absences of half a day are looked at, once each."""

LEAST_HALF_DAYS: Final = 10
"""Half days absent from which on a pattern describes how they came about: STAR's first threshold."""
SPELL_DAYS: Final = 5
SPELL_SHARE: Final = 75
"""Per cent of the half days absent that lie in the one spell."""
SPELLS: Final = 6
SHORT_SPELL: Final = 2

RULES: Final[Mapping[Pattern, str]] = {
    "weekday": f"Absent on at least {WEEKDAY_ABSENCES} days of one weekday, at {TIMES_AS_OFTEN} times the rate of the other weekdays or"
    f" more; by chance as many in fewer than {CHANCE:.1%} of cases.",
    "around-breaks": f"Absent on at least {BREAK_ABSENCES} school days next to a break (the start or end of the term, or a weekday on which"
    f" the school was closed), beside {BREAKS} breaks or more, at {TIMES_AS_OFTEN} times the rate of other days or more; by chance as many"
    f" in fewer than {CHANCE:.1%} of cases.",
    "afternoons": f"Of the days on which one half day was missed, at least {AFTERNOONS} lost the afternoon; by chance as many in fewer than"
    f" {AFTERNOON_CHANCE:.0%} of cases, if afternoons are as likely as they are at the school, and no less likely than mornings.",
    "one-spell": f"At least {LEAST_HALF_DAYS} half days absent, {SPELL_SHARE}% of them or more in one spell of {SPELL_DAYS} school days or"
    " more in a row.",
    "scattered": f"At least {LEAST_HALF_DAYS} half days absent, in {SPELLS} spells or more, none longer than {SHORT_SPELL} school days.",
}


@dataclass(frozen=True, slots=True)
class StudentPattern:
    """A pattern of one student, by place among the students; `detail` has the numbers in words, as staff can check them."""

    student: int
    pattern: Pattern
    detail: str
    numbers: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class SchoolDayTable:
    """The school days: marked at all, and absent (a half day or two), students by days; the weekday of each, and the breaks beside it."""

    marked: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    half_days: NDArray[np.int8]
    weekday: NDArray[np.int64]
    breaks: tuple[frozenset[int], ...]


def find(half_days: HalfDays, term: Term, calendar: SchoolCalendar) -> list[StudentPattern]:
    """All patterns of all students, in the order of the students and of `PATTERNS`."""
    columns = half_days.columns([calendar.open_half_days(day) > 0 for day in half_days.days])
    opened = [half_days.days[column] for column in columns]
    absent, beside = half_days.absent[:, columns], _breaks(term, calendar)
    days = SchoolDayTable(
        marked=half_days.counted[:, columns] > 0,
        absent=absent > 0,
        half_days=absent,
        weekday=np.asarray([day.weekday() for day in opened], dtype=np.int64),
        breaks=tuple(beside[day] for day in opened),
    )
    patterns = [*_weekdays(days), *_around_breaks(days), *_afternoons(half_days), *_spells(days)]
    return sorted(patterns, key=lambda pattern: (pattern.student, PATTERNS.index(pattern.pattern)))


def by_chance(days: int, absent: int, special: int, hits: int) -> float:
    """The probability that of `absent` days, dealt out over `days`, at least `hits` fall on the `special` ones (hypergeometric)."""
    ways = sum(comb(special, k) * comb(days - special, absent - k) for k in range(hits, min(special, absent) + 1))
    return ways / comb(days, absent)


def by_chance_each(tries: int, hits: int, share: float) -> float:
    """The probability of at least `hits` in so many independent tries, each with this probability (binomial)."""
    return sum(comb(tries, k) * share**k * (1 - share) ** (tries - k) for k in range(hits, tries + 1))


@dataclass(frozen=True, slots=True)
class _DayShare:
    """A student's days absent on special days and on the others, of the days marked."""

    hits: int
    special: int
    other_hits: int
    others: int

    @property
    def chance(self) -> float:
        return by_chance(self.special + self.others, self.hits + self.other_hits, self.special, self.hits)


def _shares(days: SchoolDayTable, special: NDArray[np.bool_], least: int) -> Iterator[tuple[int, _DayShare]]:
    """The students with enough absences on the special days, and at a rate high enough."""
    hits, marked = days.absent[:, special].sum(axis=1, dtype=np.int64), days.marked[:, special].sum(axis=1, dtype=np.int64)
    other_hits, others = days.absent[:, ~special].sum(axis=1, dtype=np.int64), days.marked[:, ~special].sum(axis=1, dtype=np.int64)
    often = (hits >= least) & (others > 0) & (hits * others >= TIMES_AS_OFTEN * other_hits * marked)
    for student in np.flatnonzero(often).tolist():
        yield student, _DayShare(int(hits[student]), int(marked[student]), int(other_hits[student]), int(others[student]))


def _weekdays(days: SchoolDayTable) -> Iterable[StudentPattern]:
    best: dict[int, tuple[float, int, _DayShare]] = {}
    for weekday in range(SATURDAY):
        for student, share in _shares(days, days.weekday == weekday, WEEKDAY_ABSENCES):
            if share.chance <= CHANCE and (student not in best or share.chance < best[student][0]):
                best[student] = (share.chance, weekday, share)
    for student, (chance, weekday, share) in best.items():
        name = WEEKDAYS[weekday]
        detail = f"absent on {share.hits} of {share.special} {name}s, and on {share.other_hits} of {share.others} other days"
        yield StudentPattern(student, "weekday", detail, {"weekday": name, **_numbers(share, chance)})


def _around_breaks(days: SchoolDayTable) -> Iterable[StudentPattern]:
    special = np.asarray([bool(breaks) for breaks in days.breaks], dtype=np.bool_)
    for student, share in _shares(days, special, BREAK_ABSENCES):
        hit = [days.breaks[column] for column in np.flatnonzero(days.absent[student] & special)]
        breaks = len(frozenset[int]().union(*hit))
        chance = share.chance
        if breaks >= BREAKS and chance <= CHANCE:
            detail = (
                f"absent on {share.hits} of {share.special} school days next to a break, beside {breaks} breaks, and on"
                f" {share.other_hits} of {share.others} other days"
            )
            yield StudentPattern(student, "around-breaks", detail, {"breaks": breaks, **_numbers(share, chance)})


def _numbers(share: _DayShare, chance: float) -> dict[str, int | float | str]:
    return {
        "absent_days": share.hits,
        "marked_days": share.special,
        "other_absent_days": share.other_hits,
        "other_marked_days": share.others,
        "chance": round(chance, 6),
    }


def _afternoons(half_days: HalfDays) -> Iterable[StudentPattern]:
    afternoons = (half_days.part == AFTERNOON).sum(axis=1, dtype=np.int64)
    mornings = (half_days.part == MORNING).sum(axis=1, dtype=np.int64)
    both = int(afternoons.sum() + mornings.sum())
    share = max(int(afternoons.sum()) / both, 0.5) if both else 0.5
    for student in np.flatnonzero(afternoons >= AFTERNOONS).tolist():
        missed, others = int(afternoons[student]), int(mornings[student])
        chance = by_chance_each(missed + others, missed, share)
        if chance <= AFTERNOON_CHANCE:
            numbers = {"afternoons": missed, "mornings": others, "school_share": round(share, 4), "chance": round(chance, 6)}
            yield StudentPattern(student, "afternoons", f"missed {missed} afternoons alone, and {others} mornings alone", numbers)


def _spells(days: SchoolDayTable) -> Iterable[StudentPattern]:
    totals = days.half_days.sum(axis=1, dtype=np.int64)
    for student in np.flatnonzero(totals >= LEAST_HALF_DAYS).tolist():
        total = int(totals[student])
        spells = list(_runs(days.half_days[student].tolist(), days.marked[student].tolist()))
        longest_days, longest_half_days = max(spells)
        if longest_days >= SPELL_DAYS and longest_half_days * 100 >= SPELL_SHARE * total:
            detail = f"{longest_half_days} of {total} half days absent in one spell of {longest_days} school days"
            numbers = {"spell_days": longest_days, "spell_half_days": longest_half_days, "absent_half_days": total}
            yield StudentPattern(student, "one-spell", detail, numbers)
        elif len(spells) >= SPELLS and longest_days <= SHORT_SPELL:
            detail = f"{total} half days absent in {len(spells)} spells, the longest of {longest_days} school days"
            yield StudentPattern(
                student, "scattered", detail, {"spells": len(spells), "longest_days": longest_days, "absent_half_days": total}
            )


def _runs(half_days: Iterable[int], marked: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """The runs of days with an absence: (days, half days). One day that nobody marked neither ends a run nor makes it longer."""
    length = total = unmarked = 0
    for lost, there in zip(half_days, marked, strict=True):
        unmarked = 0 if there else unmarked + 1
        if lost:
            length, total = length + 1, total + lost
        elif length and (there or unmarked > 1):
            yield length, total
            length = total = 0
    if length:
        yield length, total


def _breaks(term: Term, calendar: SchoolCalendar) -> Mapping[object, frozenset[int]]:
    """The breaks beside each school day of the whole term: the holidays before and after it, and closed weekdays within.

    An ordinary weekend is none.
    """
    opened = list(calendar.school_days(term))
    number = 0
    beside: dict[object, set[int]] = {day: set() for day in opened}
    if opened:
        beside[opened[0]].add(number)
    for before, after in pairwise(opened):
        between: Sequence[int] = range(1, (after - before).days)
        if any((before + timedelta(days=step)).weekday() < SATURDAY for step in between):
            number += 1
            beside[before].add(number)
            beside[after].add(number)
    if opened:
        beside[opened[-1]].add(number + 1)
    return {day: frozenset(breaks) for day, breaks in beside.items()}
