"""Weeks, weekdays, crossings, categories and the distance to the target: by hand."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from services.thresholds.analysis.categories import LEVELS, category_levels, target
from services.thresholds.analysis.weeks import CrossedRecords, Crossings, best_and_worst, crossings, weekdays, weeks
from tests.unit.services.thresholds.analysis.schools import CALENDAR, DAYS, END, TERM, absent, counted, school_day
from tests.unit.services.thresholds.analysis.schools import weekdays as all_of

EVERYBODY = np.asarray([True, True, True])
SCHOOL = [absent(DAYS[:6]), absent(DAYS[:2]), {}]


def test_totals_are_those_of_each_week_s_end() -> None:
    found = weeks(counted(SCHOOL), EVERYBODY, TERM, CALENDAR.today(END), [])
    assert [(week.week, week.starts_on, week.ends_on) for week in found[:3]] == [
        (1, date(2026, 10, 12), date(2026, 10, 18)),
        (2, date(2026, 10, 19), date(2026, 10, 25)),
        (3, date(2026, 10, 26), date(2026, 11, 1)),
    ]
    assert (len(found), found[-1].ends_on) == (10, date(2026, 12, 18))
    # Five days are ten half days: yellow at the end of the first week.
    assert found[0].tiers == {"green": 2, "yellow": 1, "orange": 0, "red": 0}
    assert (found[0].absent_half_days, found[0].counted_half_days, found[0].absence_rate) == (14, 30, 0.4667)
    assert (found[1].absent_half_days, found[1].absence_rate) == (2, 0.0667)
    # Labour Day is no school day.
    assert found[2].counted_half_days == 24


def test_only_weeks_that_have_begun_are_told() -> None:
    tuesday = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    found = weeks(counted(SCHOOL, now=tuesday), EVERYBODY, TERM, CALENDAR.today(tuesday), [])
    assert [(week.week, week.ends_on) for week in found] == [(1, date(2026, 10, 18)), (2, date(2026, 10, 20))]
    before = datetime(2026, 10, 1, tzinfo=UTC)
    assert weeks(counted(SCHOOL, now=before), EVERYBODY, TERM, CALENDAR.today(before), [CrossedRecords(5, TERM.start)]) == []


def test_a_week_without_marks_has_no_rate_and_the_totals_of_the_week_before() -> None:
    found = weeks(counted([dict.fromkeys(DAYS[5:], "..") | absent(DAYS[:5])]), np.asarray([True]), TERM, CALENDAR.today(END), [])
    assert (found[1].absence_rate, found[1].counted_half_days) == (None, 0)
    assert found[9].tiers == {"green": 0, "yellow": 1, "orange": 0, "red": 0}


def test_crossings_are_told_by_their_day_and_withdrawals_by_theirs() -> None:
    records = [
        CrossedRecords(5, date(2026, 10, 16)),
        CrossedRecords(5, date(2026, 10, 16), date(2026, 10, 27), count=2),
        # Corrected in the holidays: told with the last week.
        CrossedRecords(10, date(2026, 12, 18), date(2027, 1, 11)),
    ]
    found = weeks(counted(SCHOOL), EVERYBODY, TERM, CALENDAR.today(END), records)
    assert found[0].crossings == (Crossings(5, 3, 0), Crossings(10, 0, 0), Crossings(15, 0, 0))
    assert found[2].crossings == (Crossings(5, 0, 2), Crossings(10, 0, 0), Crossings(15, 0, 0))
    assert found[9].crossings == (Crossings(5, 0, 0), Crossings(10, 1, 1), Crossings(15, 0, 0))
    assert crossings(records) == (Crossings(5, 3, 2), Crossings(10, 1, 1), Crossings(15, 0, 0))


def test_where_numbers_of_students_are_not_to_be_shown_weeks_have_rates_only() -> None:
    found = weeks(counted(SCHOOL), EVERYBODY, TERM, CALENDAR.today(END), None)
    assert {(week.tiers, week.crossings) for week in found} == {(None, None)}


def test_weekdays() -> None:
    found = weekdays(counted([absent(all_of(0)[:3]), {}]), np.asarray([True, True]))
    assert [day.weekday for day in found] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    # Nine Mondays of two students, two half days each.
    assert (found[0].absent_half_days, found[0].counted_half_days, found[0].absence_rate) == (6, 36, 0.1667)
    assert found[1].absent_half_days == 0
    assert weekdays(counted([absent([school_day(0)], "..")]), np.asarray([False])) == []


def test_best_and_worst_need_two_different_rates() -> None:
    assert best_and_worst([0.1, None, 0.3, 0.1, 0.3]) == (0, 2)
    assert best_and_worst([0.1, None, 0.1]) is None
    assert best_and_worst([]) is None


@pytest.mark.parametrize(
    ("attended", "half_days", "category"),
    [
        (91, 100, "regular"),
        (90, 100, "irregular"),
        (901, 1000, "regular"),
        (81, 100, "irregular"),
        (80, 100, "moderate"),
        (71, 100, "moderate"),
        (70, 100, "chronic"),
        (0, 100, "chronic"),
        (0, 0, "unmarked"),
        (9, 10, "irregular"),
    ],
)
def test_categories_at_their_edges(attended: int, half_days: int, category: str) -> None:
    (level,) = category_levels(np.asarray([attended]), np.asarray([half_days])).tolist()
    assert LEVELS[level] == category


@pytest.mark.parametrize(
    ("regular", "students", "points", "more"),
    [(80, 100, 0.0, 0), (79, 100, -1.0, 1), (85, 100, 5.0, 0), (53, 67, -0.9, 1), (54, 67, 0.6, 0), (0, 3, -80.0, 3)],
)
def test_distance_to_the_target(regular: int, students: int, points: float, more: int) -> None:
    found = target(regular, students)
    assert found is not None
    assert (found.percentage_points, found.students) == (points, more)


def test_nobody_is_no_distance_away() -> None:
    assert target(0, 0) is None
