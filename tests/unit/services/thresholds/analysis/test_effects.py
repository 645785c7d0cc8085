"""Absence before and after activities: by hand."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from services.thresholds.analysis.effects import ActivityEffect, Compared, Measured, Response, Timeline, band, effect, firsts, measure
from tests.unit.services.thresholds.analysis.schools import DAYS

DAY = DAYS[24]
"""Twenty-four school days before it, twenty-four after."""


def timeline(school: Sequence[tuple[int, int]], *, last_week: int = 0, ended: int = 49) -> Timeline:
    """Students with so many half days absent in the four weeks before and after the day; of those before, some in the last week."""
    absent = np.zeros((len(school), 49), dtype=np.int8)
    for student, (before, after) in enumerate(school):
        late = min(last_week, before)
        absent[student, 4:19] = _spread(before - late, 15)
        absent[student, 19:24] = _spread(late, 5)
        absent[student, 25:45] = _spread(after, 20)
        # What lies outside, and on the day itself, does not count.
        absent[student, [0, 3, 24, 45, 48]] = 2
    return Timeline(DAYS, absent, np.full((len(school), 49), 2, dtype=np.int8), ended)


def _spread(half_days: int, days: int) -> list[int]:
    return [2] * (half_days // 2) + [1] * (half_days % 2) + [0] * (days - half_days // 2 - half_days % 2)


def look(
    school: Sequence[tuple[int, int]],
    responses: Sequence[Response],
    *,
    every: Sequence[Response] = (),
    years: Sequence[int] | None = None,
    days: Timeline | None = None,
) -> Measured:
    wanted = {"meeting-with-whanau": responses}
    bands = [band(year) for year in years] if years else [band(9)] * len(school)
    (found,) = measure(wanted, [*responses, *every], days or timeline(school), bands)
    return found


def meeting(student: int, day: date = DAY) -> Response:
    return Response(student, "meeting-with-whanau", day)


def test_a_student_beside_the_similar_ones() -> None:
    # Ten half days before and four after; of the others, two have ten before, one eleven, one twelve.
    found = look([(10, 4), (10, 8), (10, 6), (11, 7), (12, 0)], [meeting(0)])
    assert found.compared is not None
    (one,) = found.compared
    assert (one.before, one.after) == (0.25, 0.1)
    assert one.similar is not None
    # (10 + 10 + 11) / 3 / 40 and (8 + 6 + 7) / 3 / 40.
    assert [round(rate, 5) for rate in one.similar] == [0.25833, 0.175]
    assert sorted(one.similar_students.tolist()) == [1, 2, 3]


def test_similar_students_are_of_the_band_untouched_before_and_absent_as_much_last_week() -> None:
    school = [(10, 4), (10, 8), (10, 6), (10, 2), (10, 0)]
    responses = [
        Response(2, "written-communication", DAYS[10]),
        Response(3, "written-communication", DAY),
        # Too early, and only afterwards: neither stands in the way.
        Response(4, "written-communication", DAYS[2]),
        Response(1, "written-communication", DAYS[30]),
    ]
    found = look(school, [meeting(0)], every=responses)
    assert found.compared is not None
    assert sorted(found.compared[0].similar_students.tolist()) == [1, 4]
    found = look(school, [meeting(0)], years=[9, 10, 11, 8, 9])
    assert found.compared is not None
    assert sorted(found.compared[0].similar_students.tolist()) == [1, 4]
    days = timeline(school)
    days.absent[1, 19:24], days.absent[1, 4:19] = _spread(10, 5), 0
    found = look(school, [meeting(0)], days=days)
    assert found.compared is not None
    assert sorted(found.compared[0].similar_students.tolist()) == [2, 3, 4]


def test_weeks_that_are_not_over_or_not_there() -> None:
    school = [(10, 4), (10, 8)]
    assert look(school, [meeting(0)], days=timeline(school, ended=44)).waiting == frozenset({0})
    assert look(school, [meeting(0, DAYS[40])]).waiting == frozenset({0})
    early = look(school, [meeting(0, DAYS[19])])
    assert (early.compared, early.waiting, early.unmeasured) == ((), frozenset(), frozenset({0}))
    # Twenty days before, twenty after: just there.
    assert look(school, [meeting(0, DAYS[20])]).compared != ()
    days = timeline(school)
    days.counted[0, 4:15] = 0
    assert look(school, [meeting(0)], days=days).unmeasured == frozenset({0})


def test_an_activity_on_a_day_without_school_lies_between_two() -> None:
    saturday = date(2026, 11, 14)
    found = look([(0, 0), (0, 0)], [meeting(0, saturday)])
    assert found.compared is not None
    assert len(found.compared) == 1


def test_the_first_of_a_kind_counts_within_the_term() -> None:
    responses = [meeting(1, DAYS[5]), meeting(1, DAYS[3]), meeting(2, DAYS[7]), Response(1, "in-school-support", DAYS[9])]
    found = firsts([*responses, meeting(3, date(2026, 9, 1))], DAYS[0], DAYS[-1])
    assert found == {"meeting-with-whanau": [responses[1], responses[2]], "in-school-support": [responses[3]]}


def compared(count: int, *, after: float = 0.1, similar: tuple[float, float] | None = (0.25, 0.2)) -> list[Compared]:
    return [Compared(student, 0.25, after, similar, np.arange(100, 110)) for student in range(count)]


def measured(found: Sequence[Compared], waiting: int = 0) -> Measured:
    return Measured("meeting-with-whanau", tuple(found), frozenset(range(50, 50 + waiting)), frozenset())


def test_an_effect_of_five() -> None:
    found = effect(measured(compared(5)))
    assert (found.students, found.rate_before, found.rate_after, found.change, found.waiting) == (5, 0.25, 0.1, -0.15, 0)
    similar = found.similar
    assert similar is not None
    assert (similar.matched, similar.students, similar.rate_before, similar.rate_after) == (5, 10, 0.25, 0.2)
    # Down by 15 points, where similar students went down by 5.
    assert (similar.change, similar.difference, similar.interval) == (-0.05, -0.1, None)


def test_fewer_than_five_are_not_told() -> None:
    assert effect(measured(compared(4), waiting=4)) == ActivityEffect(
        "meeting-with-whanau", "Meeting with whānau", None, None, None, None, None, None
    )
    assert effect(measured([], waiting=6)) == ActivityEffect("meeting-with-whanau", "Meeting with whānau", 0, None, None, None, None, 6)
    alone = effect(measured(compared(5, similar=None)))
    assert (alone.students, alone.similar) == (5, None)
    few = [Compared(one.student, one.before, one.after, one.similar, np.arange(4)) for one in compared(8)]
    assert effect(measured(few)).similar is None


def test_few_without_similar_students_are_left_out_of_both_means() -> None:
    lonely = [Compared(90 + number, 0.9, 0.9, None, np.arange(0)) for number in range(3)]
    found = effect(measured([*compared(6), *lonely]))
    assert (found.students, found.rate_before) == (6, 0.25)
    many = [Compared(90 + number, 0.85, 0.85, None, np.arange(0)) for number in range(6)]
    found = effect(measured([*compared(6), *many]))
    assert (found.students, found.rate_before) == (12, 0.55)
    assert found.similar is not None
    assert found.similar.matched == 6


def test_an_interval_from_twenty_on() -> None:
    # Differences of 0 and -0.2, ten times each: mean -0.1, deviation 0.2 * sqrt(20/19) / 2, error that over the root of 20.
    mixed = [*compared(10, after=0.2), *compared(10, after=0.0)]
    found = effect(measured(mixed)).similar
    assert found is not None
    assert found.interval == (-0.1482, -0.0518)
    assert effect(measured(mixed[:19])).similar.interval is None  # type: ignore[union-attr]


@pytest.mark.parametrize(("year", "expected"), [(0, 0), (3, 0), (4, 1), (8, 2), (9, 3), (10, 3), (11, 4), (15, 4), (None, -1)])
def test_bands_of_year_levels(year: int | None, expected: int) -> None:
    assert band(year) == expected
