"""New calendars that would move the totals of many."""

from datetime import date

import pytest

from shared.attendance.calendar import Term
from shared.attendance.calendar_changes import is_dangerous, running_term_dropped, starts_moved

T3, T4 = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
T1 = Term("2027-T1", date(2027, 2, 2), date(2027, 4, 9))
RUNNING, LAST_DAY, SATURDAY, JANUARY = date(2026, 11, 17), date(2026, 12, 18), date(2026, 12, 19), date(2027, 1, 12)


@pytest.mark.parametrize("today", [date(2026, 10, 12), RUNNING, LAST_DAY])
def test_a_calendar_without_the_running_term_drops_it(today: date) -> None:
    assert running_term_dropped([T3, T4], [T1], today) == T4
    assert is_dangerous([T3, T4], [T1], today)


@pytest.mark.parametrize("today", [SATURDAY, JANUARY])
def test_next_years_terms_alone_are_no_danger_in_the_holidays(today: date) -> None:
    assert running_term_dropped([T3, T4], [T1], today) is None
    assert not is_dangerous([T3, T4], [T1], today)


def test_a_running_term_that_would_have_ended_before_today_is_dropped() -> None:
    ended = Term("2026-T4", T4.start, date(2026, 11, 13))
    assert running_term_dropped([T4], [ended], RUNNING) == T4
    later_end = Term("2026-T4", T4.start, date(2026, 12, 16))
    assert running_term_dropped([T4], [later_end], RUNNING) is None
    assert not is_dangerous([T4], [later_end, T1], RUNNING)


@pytest.mark.parametrize("other", [Term("2026-T4", date(2026, 10, 13), T4.end), Term("2026-T3", T4.start, T4.end)])
def test_another_start_or_name_of_the_running_term_is_a_danger(other: Term) -> None:
    assert starts_moved([T4], [other], RUNNING) == [T4]
    assert is_dangerous([T4], [other], RUNNING)


def test_terms_that_are_over_or_to_come_may_move() -> None:
    assert starts_moved([T3, T4], [Term("2026-T3", date(2026, 7, 21), T3.end), T4], RUNNING) == []
    assert not is_dangerous([T4, T1], [T4, Term("2027-T1", date(2027, 2, 3), T1.end)], RUNNING)


def test_a_first_calendar_is_no_danger() -> None:
    assert not is_dangerous([], [T4], RUNNING)
