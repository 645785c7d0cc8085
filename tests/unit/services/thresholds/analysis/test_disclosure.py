"""Nobody can be picked out: by hand, and by an attacker with exact linear algebra."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.thresholds.analysis.disclosure import Disclosure
from tests.unit.services.thresholds.analysis.algebra import Known


def sets(size: int, *members: range) -> NDArray[np.bool_]:
    """Everybody, and the sets of these students."""
    rows = np.zeros((len(members) + 1, size), dtype=np.bool_)
    rows[0] = True
    for row, students in enumerate(members, start=1):
        rows[row, list(students)] = True
    return rows


def shown(members: NDArray[np.bool_], *, whole: bool = True) -> list[int]:
    return np.flatnonzero(Disclosure.of(members, whole=whole).shown).tolist()


def test_five_students_are_shown_and_four_are_not() -> None:
    assert shown(sets(20, range(5), range(5, 20))) == [0, 1, 2]
    assert 1 not in shown(sets(20, range(4)))


def test_of_two_parts_both_are_hidden_when_one_is_small() -> None:
    assert shown(sets(20, range(4), range(4, 20))) == [0]


def test_a_second_part_is_hidden_with_a_small_one_the_smallest() -> None:
    assert shown(sets(60, range(4), range(4, 24), range(24, 34), range(34, 60))) == [0, 2, 4]


def test_two_small_parts_hide_no_third_when_they_are_enough_together() -> None:
    assert shown(sets(30, range(3), range(3, 6), range(6, 30))) == [0, 3]


def test_two_small_parts_hide_a_third_when_they_are_too_few_together() -> None:
    assert shown(sets(40, range(2), range(2, 4), range(4, 14), range(14, 40))) == [0, 4]


def test_a_group_that_leaves_too_few_of_its_year_is_hidden() -> None:
    assert shown(sets(60, range(30), range(30, 60), range(27))) == [0, 1, 2]
    assert shown(sets(60, range(30), range(30, 60), range(25))) == [0, 1, 2, 3]


def test_classes_do_not_give_away_the_small_class_of_their_year() -> None:
    classes = [range(12), range(12, 27), range(27, 30)]
    assert shown(sets(60, range(30), range(30, 60), *classes)) == [0, 1, 2, 4]


def test_what_overlaps_gives_a_small_set_away_too() -> None:
    # 10 + 10 students less the 17 of both together are the 3 that they share.
    members = sets(40, range(10), range(7, 17), range(17), range(7, 10))
    assert 4 not in shown(members)
    assert len(set(shown(members)) & {1, 2, 3}) == 2


def test_a_set_of_nobody_is_no_secret() -> None:
    assert shown(sets(20, range(0), range(10))) == [0, 1, 2]


def test_less_than_five_students_are_no_whole_to_show() -> None:
    assert shown(sets(4, range(2)), whole=False) == []


def test_a_number_of_few_is_hidden_with_the_next_of_its_kind() -> None:
    members = sets(60, range(20), range(20, 40), range(40, 60))
    disclosure = Disclosure.of(members, whole=True)
    having = np.zeros(60, dtype=np.bool_)
    having[[0, 1, 2]] = having[20:28] = having[40:46] = True
    assert np.flatnonzero(disclosure.may_show(having)).tolist() == [0, 2]


def test_neighbouring_levels_are_put_together_where_one_is_of_few() -> None:
    members = sets(50, range(25), range(25, 50))
    level = np.zeros(50, dtype=np.int64)
    level[0:8], level[0:2] = 1, 3
    level[25:33], level[25:31] = 1, 2
    steps = Disclosure.of(members, whole=True).steps(level, 3)
    assert steps.bands(0) == [(0, 0, 34), (1, 1, 8), (2, 2, 6), (3, 3, 2)]
    # Two students on red and six on yellow are eight at or over it; six on orange and two on yellow are eight, too.
    assert steps.bands(1) == [(0, 0, 17), (1, 3, 8)]
    assert steps.bands(2) == [(0, 0, 17), (1, 3, 8)]


def test_a_few_on_a_tier_are_put_together_with_those_on_the_one_before() -> None:
    members = sets(50, range(25), range(25, 50))
    level = np.zeros(50, dtype=np.int64)
    level[:3] = 1
    steps = Disclosure.of(members, whole=True).steps(level, 3)
    assert steps.bands(1) == [(0, 1, 25), (2, 2, 0), (3, 3, 0)]


school = st.integers(12, 40).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(st.sets(st.integers(0, size - 1), max_size=size), max_size=7),
        st.lists(st.integers(0, 3), min_size=size, max_size=size),
        st.integers(1, 5),
    )
)


def any_sets(size: int, groups: list[set[int]], years: int) -> NDArray[np.bool_]:
    """Everybody, year levels of unequal size, and groups of anybody."""
    rows = np.zeros((1 + years + len(groups), size), dtype=np.bool_)
    rows[0] = True
    for student in range(size):
        rows[1 + min(student * student // size % years, years - 1), student] = True
    for number, group in enumerate(groups, start=1 + years):
        rows[number, list(group)] = True
    return rows


@settings(max_examples=300, deadline=None)
@given(school, st.booleans())
def test_no_small_set_follows_from_those_shown(drawn: tuple[int, list[set[int]], list[int], int], whole: bool) -> None:
    size, groups, _, years = drawn
    members = any_sets(size, groups, years)
    found = Disclosure.of(members, whole=whole).shown
    known = Known()
    for row in np.flatnonzero(found).tolist():
        known.add(members[row].tolist())
    for row in range(len(members)):
        if 1 <= members[row].sum() <= 4:
            assert not found[row]
            assert not known.gives(members[row].tolist())
    for a, b in combinations(np.flatnonzero(found).tolist(), 2):
        for larger, smaller in ((a, b), (b, a)):
            if not (members[smaller] & ~members[larger]).any():
                assert not 1 <= (members[larger] & ~members[smaller]).sum() <= 4


@settings(max_examples=300, deadline=None)
@given(school)
def test_no_small_number_on_a_level_follows_from_the_bands_shown(drawn: tuple[int, list[set[int]], list[int], int]) -> None:
    """The attacker knows who is in which set, and every band shown; not who is on which level."""
    size, groups, levels, years = drawn
    members = any_sets(size, groups, years)
    level = np.asarray(levels, dtype=np.int64)
    disclosure = Disclosure.of(members, whole=True)
    steps = disclosure.steps(level, 3)
    known = Known()

    def cells(row: int, first: int, last: int) -> list[int]:
        wanted = np.zeros((size, 4), dtype=np.int64)
        wanted[members[row], first : last + 1] = 1
        return wanted.reshape(-1).tolist()

    for student in range(size):
        alone = np.zeros((size, 4), dtype=np.int64)
        alone[student] = 1
        known.add(alone.reshape(-1).tolist())
    for row in np.flatnonzero(disclosure.shown).tolist():
        for first, last, students in steps.bands(row):
            known.add(cells(row, first, last))
            assert students == int(((level[members[row]] >= first) & (level[members[row]] <= last)).sum())
            assert row == 0 or students == 0 or students >= 5
    for row in range(1, len(members)):
        if members[row].all():
            continue
        for one in range(4):
            if 1 <= (level[members[row]] == one).sum() <= 4:
                assert not known.gives(cells(row, one, one))
