"""Terms, days and half days, and what day it is at the school."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.timetable import Slot, Timetable

T3 = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25))
T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
LABOUR_DAY = date(2026, 10, 26)
PRIZE_GIVING = date(2026, 12, 18)
CALENDAR = SchoolCalendar((T3, T4), closed_days=frozenset({LABOUR_DAY}), half_days=frozenset({PRIZE_GIVING, LABOUR_DAY}))


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 7, 19), None),
        (date(2026, 7, 20), T3),
        (date(2026, 9, 25), T3),
        (date(2026, 9, 26), None),
        (date(2026, 10, 11), None),
        (date(2026, 10, 12), T4),
        (date(2026, 10, 17), T4),
        (LABOUR_DAY, T4),
        (date(2026, 12, 18), T4),
        (date(2026, 12, 19), None),
    ],
)
def test_both_ends_of_a_term_belong_to_it(day: date, term: Term | None) -> None:
    assert CALENDAR.term_on(day) == term


@pytest.mark.parametrize(
    ("today", "term"),
    [
        (date(2026, 1, 1), T3),
        (date(2026, 7, 20), T3),
        (date(2026, 10, 5), T3),
        (date(2026, 10, 12), T4),
        (date(2027, 1, 20), T4),
    ],
)
def test_the_current_term_or_the_last(today: date, term: Term) -> None:
    assert CALENDAR.current_or_last_term(today) == term


def test_a_school_without_terms_has_none() -> None:
    empty = SchoolCalendar(())
    assert empty.term_on(date(2026, 10, 12)) is None
    assert empty.current_or_last_term(date(2026, 10, 12)) is None
    assert CALENDAR.term_named("2026-T4") == T4
    assert CALENDAR.term_named("2026-T1") is None


@pytest.mark.parametrize(
    ("day", "half_days"),
    [
        (date(2026, 10, 16), 2),
        (date(2026, 10, 17), 0),
        (date(2026, 10, 18), 0),
        (date(2026, 10, 19), 2),
        (PRIZE_GIVING, 1),
        # Closed wins over half a day.
        (LABOUR_DAY, 0),
    ],
)
def test_half_days_that_a_day_can_lose(day: date, half_days: int) -> None:
    assert CALENDAR.open_half_days(day) == half_days


def test_school_days_leave_out_weekends_and_closed_days() -> None:
    term = Term("2026-T4", date(2026, 10, 21), date(2026, 10, 28))
    days = [date(2026, 10, 21), date(2026, 10, 22), date(2026, 10, 23), date(2026, 10, 27), date(2026, 10, 28)]
    assert list(CALENDAR.school_days(term)) == days
    assert list(CALENDAR.school_days(term, date(2026, 10, 26))) == days[:3]
    assert list(CALENDAR.school_days(term, date(2026, 10, 27))) == days[:4]
    assert list(CALENDAR.school_days(term, date(2027, 1, 1))) == days
    assert list(CALENDAR.school_days(term, date(2026, 10, 20))) == []


@pytest.mark.parametrize(
    ("now", "auckland", "chatham"),
    [
        # Standard time: twelve hours ahead of UTC, and three quarters of an hour more on the Chatham Islands.
        (datetime(2026, 7, 20, 11, 14, tzinfo=UTC), date(2026, 7, 20), date(2026, 7, 20)),
        (datetime(2026, 7, 20, 11, 15, tzinfo=UTC), date(2026, 7, 20), date(2026, 7, 21)),
        (datetime(2026, 7, 20, 11, 59, 59, tzinfo=UTC), date(2026, 7, 20), date(2026, 7, 21)),
        (datetime(2026, 7, 20, 12, 0, tzinfo=UTC), date(2026, 7, 21), date(2026, 7, 21)),
        # Daylight saving time, from 27 September 2026 on: an hour more.
        (datetime(2026, 9, 26, 11, 30, tzinfo=UTC), date(2026, 9, 26), date(2026, 9, 27)),
        (datetime(2026, 9, 27, 11, 30, tzinfo=UTC), date(2026, 9, 28), date(2026, 9, 28)),
        (datetime(2026, 10, 19, 10, 59, tzinfo=UTC), date(2026, 10, 19), date(2026, 10, 20)),
        (datetime(2026, 10, 19, 11, 0, tzinfo=UTC), date(2026, 10, 20), date(2026, 10, 20)),
        # Asked with another offset, it is the same moment.
        (datetime(2026, 10, 19, 7, 0, tzinfo=timezone(timedelta(hours=-4))), date(2026, 10, 20), date(2026, 10, 20)),
    ],
)
def test_the_date_is_the_schools_own(now: datetime, auckland: date, chatham: date) -> None:
    assert SchoolCalendar(()).today(now) == auckland
    assert SchoolCalendar((), timezone="Pacific/Chatham").today(now) == chatham


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 7, 20, 5, 59, tzinfo=UTC), date(2026, 7, 19)),
        (datetime(2026, 7, 20, 6, 0, tzinfo=UTC), date(2026, 7, 20)),
        (datetime(2026, 10, 19, 4, 59, tzinfo=UTC), date(2026, 10, 18)),
        (datetime(2026, 10, 19, 5, 0, tzinfo=UTC), date(2026, 10, 19)),
        (datetime(2026, 10, 19, 11, 0, tzinfo=UTC), date(2026, 10, 19)),
    ],
)
def test_a_day_has_ended_at_six_in_the_evening_there(now: datetime, last: date) -> None:
    assert SchoolCalendar(()).ended_through(now) == last


def test_a_timetable_holds_from_its_day_until_the_next() -> None:
    old, new = (Slot(1, "Period 1", 60),), (Slot(1, "Block 1", 90), Slot(2, "Block 2", 90))
    calendar = SchoolCalendar((T4,), timetables=(Timetable(None, old), Timetable(date(2026, 11, 2), new)))

    assert calendar.slots_on(date(2026, 11, 1)) == old
    assert calendar.slots_on(date(2026, 11, 2)) == new
    assert SchoolCalendar((T4,), timetables=(Timetable(date(2026, 11, 2), new),)).slots_on(date(2026, 11, 1)) == ()
    assert CALENDAR.slots_on(date(2026, 11, 2)) == ()
