"""Due days in school days: over weekends, holidays and the end of a term."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.thresholds.records.due_days.rule import DEFAULT, DueRule
from shared.attendance.calendar import SchoolCalendar, Term

T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
T1 = Term("2027-T1", date(2027, 2, 2), date(2027, 4, 16))
LABOUR_DAY, WAITANGI_OBSERVED = date(2026, 10, 26), date(2027, 2, 8)


def rule(*terms: Term, after: dict[int, int | None] | None = None, half_days: frozenset[date] = frozenset()) -> DueRule:
    calendar = SchoolCalendar(terms=terms, closed_days=frozenset({LABOUR_DAY, WAITANGI_OBSERVED}), half_days=half_days)
    return DueRule.of(calendar, DEFAULT if after is None else after)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("threshold", "crossed_on", "due_on"),
    [
        # A Friday: Monday to Friday of the week after it.
        (5, date(2026, 10, 16), date(2026, 10, 23)),
        # A Wednesday: Thursday, Friday, and then Labour Day is passed over.
        (5, date(2026, 10, 21), date(2026, 10, 29)),
        (15, date(2026, 10, 21), date(2026, 10, 27)),
        # A Sunday, on which a record was made by hand.
        (15, date(2026, 11, 8), date(2026, 11, 11)),
        # Two days before the end of term; the third is the first of the next.
        (15, date(2026, 12, 16), date(2027, 2, 2)),
        (5, date(2026, 12, 18), date(2027, 2, 9)),
        # In the holidays, and before any term.
        (15, date(2027, 1, 10), date(2027, 2, 4)),
        (15, date(2026, 10, 1), date(2026, 10, 14)),
        # The next term but one is not known.
        (5, date(2027, 4, 12), None),
        (15, date(2027, 4, 13), date(2027, 4, 16)),
    ],
)
def test_the_due_day(threshold: int, crossed_on: date, due_on: date | None) -> None:
    assert rule(T4, T1).due_on(threshold, crossed_on) == due_on  # type: ignore[arg-type]


def test_a_half_day_is_a_school_day() -> None:
    assert rule(T4, half_days=frozenset({date(2026, 10, 19)})).due_on(15, date(2026, 10, 16)) == date(2026, 10, 21)


def test_a_school_can_set_no_day() -> None:
    assert rule(T4, after={5: 2, 10: None, 15: 1}).due_on(10, date(2026, 10, 16)) is None
    assert rule(T4, after={5: 2, 10: None, 15: 1}).crossed_before(10, date(2026, 12, 1)) is None
    assert rule(T4).due_on(None, date(2026, 10, 16)) is None
    assert rule().due_on(5, date(2026, 10, 16)) is None


days = st.dates(date(2026, 9, 20), date(2027, 5, 10))


@given(crossed_on=days, day=days, after=st.integers(1, 60), closed=st.sets(days, max_size=40))
def test_both_sides_of_the_rule_agree(crossed_on: date, day: date, after: int, closed: set[date]) -> None:
    calendar = SchoolCalendar(terms=(T4, T1), closed_days=frozenset(closed))
    both = DueRule.of(calendar, {5: after})
    # Slow and obvious: a day at a time.
    due_on, left, then = None, after, crossed_on
    while due_on is None and then < date(2027, 6, 1):
        then += timedelta(days=1)
        if calendar.term_on(then) and calendar.open_half_days(then):
            left -= 1
            due_on = then if left == 0 else None
    assert both.due_on(5, crossed_on) == due_on
    before = both.crossed_before(5, day)
    assert (before is not None and crossed_on < before) == (due_on is not None and due_on < day)
