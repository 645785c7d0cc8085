"""The whole analysis: by hand, and by somebody who asks everything there is to ask and subtracts."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.thresholds.analysis.analysing import analyse, find_patterns
from services.thresholds.analysis.findings import Analysis, Band, Cohort
from services.thresholds.analysis.sets import Student, is_selected
from services.thresholds.analysis.sheets import LONG, NOT_SHOWN, long_sheet, sheets
from services.thresholds.analysis.timeline import NeighbourDays, terms_reached
from services.thresholds.analysis.weeks import CrossedRecords
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import TIERS
from tests.unit.services.thresholds.analysis.algebra import Known
from tests.unit.services.thresholds.analysis.schools import (
    BEFORE,
    CALENDAR,
    DAYS,
    LABOUR_DAY,
    TERM,
    Missed,
    absent,
    question,
    row,
    student,
    weekdays,
)

YELLOW, ORANGE, RED = absent(DAYS[:5]), absent(DAYS[:10]), absent(DAYS[:15])


def school(*classes: tuple[int | None, str, Sequence[Missed | None]]) -> list[tuple[Student, Missed | None]]:
    """Classes: the year level, the name, and what each student missed (None: no marks at all)."""
    made: list[tuple[Student, Missed | None]] = []
    for year, name, missed in classes:
        made += [(student(len(made) + place, year, *([name] if name else [])), one) for place, one in enumerate(missed)]
    return made


THIRTY = school((9, "9A", [{}] * 9 + [YELLOW] * 6), (10, "10A", [{}] * 8 + [ORANGE] * 5 + [RED] * 2))


def bands(found: Sequence[Band] | None) -> list[tuple[str, int]]:
    return [("+".join(band.names), band.students) for band in found or ()]


def test_a_whole_school_is_told_as_it_is() -> None:
    found = analyse(question(THIRTY, crossed=[CrossedRecords(5, DAYS[4], None, 6)]))
    assert (found.students, found.school_days) == (30, 49)
    # 6 students of 10 half days, 5 of 20, 2 of 30; all others of 30 * 98 half days were there.
    assert (found.absent_half_days, found.attended_half_days, found.unmarked_half_days) == (220, 2720, 0)
    assert found.absence_rate == 0.0748
    assert bands(found.tiers) == [("green", 17), ("yellow", 6), ("orange", 5), ("red", 2)]
    # 88 of 98 are 89.8%, 78 are 79.6%, 68 are 69.4%.
    assert bands(found.categories) == [("unmarked", 0), ("regular", 17), ("irregular", 6), ("moderate", 5), ("chronic", 2)]
    assert found.target is not None
    assert (found.target.percentage_points, found.target.students) == (-23.3, 7)
    assert found.crossings is not None
    assert found.crossings[0].up == 6
    assert found.weeks[0].tiers == {"green": 17, "yellow": 13, "orange": 0, "red": 0}


def test_its_parts_put_few_students_together() -> None:
    found = analyse(question(THIRTY))
    nine, ten = found.year_levels
    assert (nine.name, nine.students, bands(nine.tiers)) == (9, 15, [("green", 9), ("yellow", 6), ("orange+red", 0)])
    # Two on red are put with the five on orange; and if the other year level said that nobody of it is on red, these were told after all.
    assert (ten.name, bands(ten.tiers)) == (10, [("green", 8), ("yellow", 0), ("orange+red", 7)])
    assert (nine.absence_rate, nine.regular_share) == (0.041, 0.6)
    assert [group.name for group in found.groups] == ["10A", "9A"]


def test_a_selection_is_told_with_the_same_care() -> None:
    found = analyse(question(THIRTY, year_level=10))
    assert (found.students, bands(found.tiers)) == (15, [("green", 8), ("yellow", 0), ("orange+red", 7)])
    assert found.crossings is None
    assert {week.tiers for week in found.weeks} == {None}
    assert [group.name for group in found.groups] == ["10A"]
    assert [year.name for year in found.year_levels] == [10]


def test_small_parts_are_put_together() -> None:
    found = analyse(question([*THIRTY, *[(student(100 + place, 11, "11A"), RED) for place in range(3)]]))
    # Three in year 11 would be the whole school less the two others: one of those is put with them.
    assert [(year.name, year.merged, year.students) for year in found.year_levels] == [(10, (), 15), (None, (9, 11), 18)]
    assert found.groups[-1].name is None
    assert "11A" in found.groups[-1].merged
    assert found.groups[-1].students is None
    assert analyse(question([*THIRTY, *[(student(100 + place, 11), RED) for place in range(3)]], year_level=11)) == Analysis(None, 49)


@pytest.mark.parametrize("asked", [{"group": "9Z"}, {"year_level": 1}, {"year_level": 9, "group": "10A"}])
def test_an_unknown_selection_is_of_nobody(asked: dict[str, Any]) -> None:
    found = analyse(question(THIRTY, **asked))
    assert (found.students, found.absent_half_days, found.absence_rate, found.target) == (0, 0, None, None)
    assert {students for _, students in bands(found.tiers)} == {0}
    assert (found.year_levels, found.groups, found.effects) == ((), (), ())


def test_a_tiny_school_and_a_part_of_one_are_told_as_groups_are() -> None:
    tiny = THIRTY[:17]
    assert bands(analyse(question(tiny)).tiers) == [("green", 11), ("yellow", 6), ("orange", 0), ("red", 0)]
    part = THIRTY[15:]
    found = analyse(question(part, whole_school=False))
    assert (bands(found.tiers), found.crossings) == ([("green", 8), ("yellow", 0), ("orange+red", 7)], None)
    assert analyse(question(THIRTY[:4], whole_school=False)) == Analysis(None, 49)


def test_without_students_without_marks_and_before_the_term() -> None:
    assert analyse(question([])).students == 0
    nobody_marked = analyse(question([(one, None) for one, _ in THIRTY]))
    assert (nobody_marked.students, nobody_marked.absence_rate, nobody_marked.unmarked_half_days) == (30, None, 30 * 98)
    assert bands(nobody_marked.categories)[0] == ("unmarked", 30)
    assert nobody_marked.target is None
    before = analyse(question([(one, None) for one, _ in THIRTY], now=datetime(2026, 10, 1, tzinfo=UTC)))
    assert (before.school_days, before.weeks, before.weekdays) == (0, (), ())
    assert bands(before.tiers)[0] == ("green", 30)


def test_students_who_left_are_left_out_of_numbers_and_not_of_lists() -> None:
    left = (student(100, None, on_roll=False), YELLOW | absent(weekdays(0)[:6]))
    taken_back = (student(101, None, on_roll=False), None)
    found = analyse(question([*THIRTY, left, taken_back]))
    assert (found.students, bands(found.tiers)) == (30, bands(analyse(question(THIRTY)).tiers))
    assert len(found.year_levels) == 2
    students, patterns = find_patterns(question([*THIRTY, left, taken_back]))
    assert len(students) == 31
    assert "weekday" in [one.pattern for one in patterns if students[one.student].student == "0100"]
    nobody_sent = [(Student(one.student, None, frozenset(), False), missed) for one, missed in [*THIRTY, taken_back]]
    assert analyse(question(nobody_sent)).students == 30


def test_a_school_without_a_roster_is_of_one_year_level_that_is_not_known() -> None:
    found = analyse(question([(Student(one.student, None, frozenset(), False), missed) for one, missed in THIRTY]))
    assert [(year.name, year.merged, year.students) for year in found.year_levels] == [(None, (), 30)]
    assert found.groups == ()


def test_codes_of_few_students_are_put_together() -> None:
    def ill(count: int, code: str) -> list[Missed | None]:
        return [absent([DAYS[3]], code * 2)] * count

    found = analyse(question(school((9, "9A", [*[{}] * 10, *ill(8, "M"), *ill(2, "U"), *ill(6, "T"), *ill(5, "E")]))))
    assert found.classes is not None
    unjustified, justified = found.classes
    assert [(code.code, code.half_days) for code in unjustified.codes] == [("T", 12), ("E", 10)]
    # Two students stood down, and nothing else to put them with but the eight who were ill.
    assert [(code.code, code.half_days) for code in justified.codes] == [(None, 20)]
    assert (unjustified.half_days, justified.half_days) == (22, 20)
    few = analyse(question(school((9, "9A", [*[{}] * 20, *ill(8, "M"), *ill(3, "T")]))))
    assert (few.classes, few.absent_half_days) == (None, 22)


def test_patterns_are_counted_where_enough_show_them_and_listed_by_student() -> None:
    mondays = absent(weekdays(0)[:6])
    made = school((9, "9A", [*[{}] * 20, *[mondays] * 5]), (10, "10A", [*[{}] * 20, *[mondays] * 3]))
    assert {one.pattern: one.students for one in analyse(question(made)).patterns}["weekday"] == 8
    assert {one.pattern: one.students for one in analyse(question(made, year_level=9)).patterns}["weekday"] is None
    students, found = find_patterns(question(made, group="10A"))
    assert [(students[one.student].year_level, one.pattern) for one in found if one.pattern == "weekday"] == [(10, "weekday")] * 3


def test_effects_reach_into_the_term_before() -> None:
    days = list(CALENDAR.school_days(BEFORE))
    before = [row(absent(days[-8:]), days), *[row({}, days)] * 24]
    made = school((9, "9A", [absent(DAYS[:1])] * 25))
    responses = [(one.student, "in-school-support", DAYS[1]) for one, _ in made[:5]]
    assert terms_reached(CALENDAR, TERM, date(2026, 12, 18), [DAYS[1]]) == (BEFORE, None)
    assert terms_reached(CALENDAR, TERM, date(2026, 12, 18), [DAYS[20]]) == (None, None)
    (found,) = analyse(question(made, responses=responses, beside=NeighbourDays(before=before))).effects
    # 19 days of the term before and one of this: 16 + 2 half days of one student, 2 of four, of 40 each.
    assert (found.students, found.rate_before, found.rate_after) == (5, 0.13, 0.0)
    assert analyse(question(made, responses=responses)).effects[0].students == 0


def everything_asked(made: Sequence[tuple[Student, Missed | None]]) -> list[tuple[list[bool], Sequence[Band]]]:
    """The students in it, and the bands of tiers shown: of every selection there is, and of every part told with it."""
    students = [one for one, _ in made]
    asked = question(made)
    years: list[int | None] = [None, *sorted({one.year_level for one in students if one.year_level is not None})]
    groups: list[str | None] = [None, *sorted({name for one in students for name in one.groups})]
    seen: list[tuple[list[bool], Sequence[Band]]] = []

    def told(members: list[bool], tiers: Sequence[Band] | None) -> None:
        if tiers is not None:
            seen.append((members, tiers))

    for year in years:
        for group in groups:
            found = analyse(replace(asked, year_level=year, group=group))
            told([is_selected(one, year, group) for one in students], found.tiers)
            for part in found.year_levels:
                told([one.year_level in (part.merged or (part.name,)) for one in students], part.tiers)
            for part in found.groups:
                if part.name is not None:
                    told([part.name in one.groups for one in students], part.tiers)
    return seen


@pytest.mark.parametrize("seed", range(12))
def test_nobody_is_found_by_asking_everything_and_subtracting(seed: int) -> None:
    chance = random.Random(seed)
    made: list[tuple[Student, Missed | None]] = []
    for number in range(chance.randint(24, 60)):
        year = chance.choice([9, 9, 9, 10, 10, 11])
        groups = {f"{year}{chance.choice('AAABBC')}", chance.choice(["Kauri", "Rimu", "Rimu", "Totara"])}
        made.append((student(number, year, *groups), chance.choice([{}, {}, {}, YELLOW, YELLOW, ORANGE, RED])))
    level = [0 if not missed else (len(missed)) // 5 for _, missed in made]
    known = Known()

    def cells(members: Sequence[bool], tiers: Sequence[str]) -> list[int]:
        return [int(member and tier in tiers) for member in members for tier in TIERS]

    for number in range(len(made)):
        known.add(cells([place == number for place in range(len(made))], TIERS))
    for members, shown in everything_asked(made):
        for band in shown:
            known.add(cells(members, band.names))
            true = sum(member and TIERS[level[place]] in band.names for place, member in enumerate(members))
            assert band.students == true
            assert all(members) or true == 0 or true >= 5
    for name in {name for one, _ in made for name in one.groups} | {str(one.year_level) for one, _ in made}:
        members = [name in one.groups or str(one.year_level) == name for one, _ in made]
        for tier in TIERS:
            if 1 <= sum(member and TIERS[level[place]] == tier for place, member in enumerate(members)) <= 4:
                assert not known.gives(cells(members, [tier])), (name, tier)


def test_tables_for_a_spreadsheet() -> None:
    parts = sheets(analyse(question(THIRTY, crossed=[CrossedRecords(5, DAYS[4], None, 6)])))
    assert ("students on yellow", 6) in parts["summary"].rows
    assert parts["year-levels"].header[:3] == ("year level", "students", "absence %")
    assert parts["year-levels"].rows[1] == (10, 15, 10.9, 8, 0, "7 on orange or red", "7 on orange or red", 53)
    assert parts["weeks"].rows[0][:6] == (1, "2026-10-12", "2026-10-18", 130, 300, 43.3)
    for table in parts.values():
        assert {len(one) for one in table.rows} <= {len(table.header)}
    long = long_sheet(parts)
    assert long.header == LONG
    assert ("year-levels", 10, "students on orange", "7 on orange or red") in long.rows
    assert ("summary", "", "students on red", 2) in long.rows
    small = sheets(Analysis(None, 49))
    assert small["summary"].rows == (("students", NOT_SHOWN), ("school days so far", 49))


def test_merged_parts_are_named_in_tables() -> None:
    together = (Band(TIERS, 7),)
    parts = sheets(
        Analysis(20, 49, year_levels=(Cohort(None, (11, None), 7, 0.1, together), Cohort(None)), groups=(Cohort(None, ("9A", "9B")),))
    )
    assert parts["year-levels"].rows[0][2:] == (10.0, *[NOT_SHOWN] * 4, NOT_SHOWN)
    assert [one[:2] for one in parts["year-levels"].rows] == [("11, not known", 7), ("not known", NOT_SHOWN)]
    assert [one[:2] for one in parts["groups"].rows] == [("9A, 9B", NOT_SHOWN)]


def test_a_school_open_on_no_day_of_the_term_can_be_asked() -> None:
    closed = SchoolCalendar(CALENDAR.terms, closed_days=frozenset([*DAYS, LABOUR_DAY]))
    found = analyse(question(THIRTY, calendar=closed))
    assert (found.students, found.school_days, found.absent_half_days) == (30, 0, 0)
