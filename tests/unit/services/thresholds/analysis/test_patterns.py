"""Patterns: made by hand, at the edges of their rules, and how often chance makes one."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import pytest

from services.thresholds.analysis.patterns import StudentPattern, by_chance, by_chance_each, find
from shared.attendance.calendar import SchoolCalendar
from tests.unit.services.thresholds.analysis.schools import CALENDAR, DAYS, TERM, Missed, absent, counted, weekdays


def look(*school: Missed, calendar: SchoolCalendar = CALENDAR) -> list[StudentPattern]:
    return find(counted(school, calendar), TERM, calendar)


def kinds(*school: Missed) -> list[tuple[int, str]]:
    return [(one.student, one.pattern) for one in look(*school)]


MONDAYS, TUESDAYS, WEDNESDAYS, FRIDAYS = (weekdays(number) for number in (0, 1, 2, 4))


def test_six_mondays_of_nine_and_two_other_days() -> None:
    (found,) = [one for one in look(absent([*MONDAYS[:6], TUESDAYS[1], WEDNESDAYS[4]])) if one.pattern == "weekday"]
    assert found.detail == "absent on 6 of 9 Mondays, and on 2 of 40 other days"
    assert found.numbers["weekday"] == "Monday"
    # 84 ways to choose 6 of 9 times 780 ways to choose 2 of 40, and so on up to 8 of 9, of 450,978,066 for 8 of 49.
    assert found.numbers["chance"] == round((84 * 780 + 36 * 40 + 9) / 450_978_066, 6)


@pytest.mark.parametrize(
    ("missed", "found"),
    [
        # Three are too few, however unlikely.
        (absent(FRIDAYS[:3]), False),
        # 4 of 10 Fridays alone: 210 of 211,876 ways, just under one in a thousand.
        (absent(FRIDAYS[:4]), True),
        # A fifth day elsewhere: more than one in a thousand.
        (absent([*FRIDAYS[:4], TUESDAYS[2]]), False),
        # Half days are absences too.
        (absent(FRIDAYS[:5], "PM"), True),
        # A school year of much absence: five Fridays among twenty days say nothing.
        (absent([*FRIDAYS[:5], *TUESDAYS[:5], *WEDNESDAYS[:5], *MONDAYS[:5]]), False),
    ],
)
def test_a_weekday_at_the_edges_of_its_rule(missed: Missed, found: bool) -> None:
    assert ((0, "weekday") in kinds(missed)) is found


def test_days_that_nobody_marked_do_not_make_a_weekday_rarer() -> None:
    only_mondays = dict.fromkeys(DAYS, "..") | dict.fromkeys(MONDAYS, "PP") | absent(MONDAYS[:5])
    assert kinds(only_mondays) == []


# The first and last day of the term, and the school days on either side of Labour Day.
EDGES = [date(2026, 10, 12), date(2026, 10, 23), date(2026, 10, 27), date(2026, 12, 18)]


def test_absent_around_breaks() -> None:
    (found,) = look(absent(EDGES))
    assert found.pattern == "around-breaks"
    assert found.detail == "absent on 4 of 4 school days next to a break, beside 3 breaks, and on 0 of 45 other days"


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (EDGES[:3], True),
        # Both sides of one break are one journey.
        (EDGES[1:3], False),
        ([*EDGES[:3], TUESDAYS[3], WEDNESDAYS[5], FRIDAYS[6]], False),
    ],
)
def test_around_breaks_at_the_edges_of_its_rule(days: list[date], found: bool) -> None:
    assert ((0, "around-breaks") in kinds(absent(days))) is found


def test_an_ordinary_weekend_is_no_break_and_a_closed_wednesday_is_one() -> None:
    assert not [one for one in look(absent([FRIDAYS[2], MONDAYS[3], FRIDAYS[5], MONDAYS[6]])) if one.pattern == "around-breaks"]
    closed = {WEDNESDAYS[3], WEDNESDAYS[5]}
    calendar = SchoolCalendar(CALENDAR.terms, closed_days=CALENDAR.closed_days | closed)
    missed = absent([WEDNESDAYS[3] - timedelta(days=1), WEDNESDAYS[5] + timedelta(days=1), EDGES[0], EDGES[3]])
    (found,) = look(missed, calendar=calendar)
    assert (found.pattern, found.numbers["marked_days"], found.numbers["breaks"]) == ("around-breaks", 8, 4)


def test_afternoons_alone() -> None:
    seven, mornings = absent(DAYS[3:40:6], "PT"), absent(DAYS[2:41:6], "TP")
    found = [one for one in look(seven, mornings, mornings) if one.pattern == "afternoons"]
    assert [(one.student, one.detail) for one in found] == [(0, "missed 7 afternoons alone, and 0 mornings alone")]
    # A half to the seventh power: the school's own share of afternoons is a third, and a half is the least that is assumed.
    assert (found[0].numbers["chance"], found[0].numbers["school_share"]) == (0.007812, 0.5)


def test_six_afternoons_are_too_few_and_those_of_a_whole_school_no_sign() -> None:
    mornings = absent(DAYS[2:41:6], "TP")
    assert "afternoons" not in [one.pattern for one in look(absent(DAYS[3:34:6], "PT"), mornings, mornings)]
    seven = absent(DAYS[3:40:6], "PT")
    assert "afternoons" not in [one.pattern for one in look(seven, seven, seven)]


def test_one_long_spell() -> None:
    # Eight days in a row over a weekend, and one more half day: 16 of 17 half days.
    (found,) = look(absent(DAYS[12:20]) | absent([DAYS[30]], "PM"))
    assert (found.pattern, found.detail) == ("one-spell", "16 of 17 half days absent in one spell of 8 school days")
    # A day that nobody marked in the middle does not break it; two in a row do.
    (found,) = look(absent(DAYS[12:20]) | {DAYS[15]: ".."})
    assert (found.pattern, found.numbers["spell_days"]) == ("one-spell", 7)
    assert look(absent(DAYS[12:20]) | dict.fromkeys(DAYS[15:17], "..")) == []


def test_scattered_days() -> None:
    (found,) = look(absent([DAYS[number] for number in (2, 3, 11, 17, 24, 31, 38)]))
    assert found.pattern == "scattered"
    assert found.detail == "14 half days absent in 6 spells, the longest of 2 school days"


@pytest.mark.parametrize(
    "missed",
    [
        {},
        absent(DAYS[12:16]),
        absent([*DAYS[12:16], DAYS[30]]),
        absent([*DAYS[10:13], *DAYS[20:23], *DAYS[30:33]]),
        absent(DAYS, ".."),
    ],
)
def test_neither_one_spell_nor_scattered(missed: Missed) -> None:
    assert not [one for one in look(missed) if one.pattern in ("one-spell", "scattered")]


def test_probabilities_by_hand() -> None:
    # Of 3 days absent among 5, two special days: both are hit in 3 of 10 ways, at least one in 9.
    assert by_chance(5, 3, 2, 2) == 0.3
    assert by_chance(5, 3, 2, 1) == 0.9
    assert by_chance(5, 3, 2, 0) == 1
    assert by_chance_each(3, 2, 0.5) == 0.5
    assert by_chance_each(4, 4, 0.5) == 0.0625


def scattered(chance: random.Random, rate: float) -> Mapping[date, str]:
    return {day: chance.choice(("MM", "MM", "PM", "MP")) for day in DAYS if chance.random() < rate}


def in_spells(chance: random.Random, rate: float) -> Mapping[date, str]:
    missed: dict[date, str] = {}
    days = iter(DAYS)
    for day in days:
        if chance.random() < rate / 2:
            missed |= absent([day, *_next(days, chance.choice((0, 0, 1, 1, 2, 4)))])
    return missed


def _next(days: Iterator[date], count: int) -> list[date]:
    return [day for day, _ in zip(days, range(count), strict=False)]


@pytest.mark.parametrize("absences", [scattered, in_spells])
def test_chance_seldom_makes_a_pattern(absences: Callable[[random.Random, float], Mapping[date, str]]) -> None:
    """The page on reading the analysis promises at most one student in two hundred for each, however much they are absent."""
    for seed, rate in enumerate((0.03, 0.08, 0.15, 0.3)):
        chance = random.Random(seed)
        found = Counter(one.pattern for one in look(*(absences(chance, rate) for _ in range(1000))))
        assert found["weekday"] <= 5
        assert found["around-breaks"] <= 5
        assert found["afternoons"] <= 5
