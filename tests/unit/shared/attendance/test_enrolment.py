"""Stays on the roll, and the sessions that part-timers attend: expectations by hand."""

from datetime import date, timedelta

import pytest

from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.enrolment import ALWAYS, Enrolment, Stay, week_of
from shared.attendance.timetable import NOT_ON_ROLL, Slot, Timetable

MONDAY = date(2026, 10, 12)
TERM = Term("2026-T4", MONDAY, date(2026, 12, 18))
PERIODS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))


def october(day: int) -> date:
    return date(2026, 10, day)


@pytest.mark.parametrize(
    ("enrolment", "days"),
    [
        (ALWAYS, [12, 13, 14, 15, 16]),
        (Enrolment(october(14)), [14, 15, 16]),
        (Enrolment(None, october(13)), [12, 13]),
        (Enrolment(october(13), october(14)), [13, 14]),
        (Enrolment(october(14), october(14)), [14]),
        (Enrolment(october(15), october(13)), [12, 13, 15, 16]),
        (Enrolment(october(15), date(2025, 12, 1)), [15, 16]),
        (Enrolment(october(15), None, (Stay(None, october(12)),)), [12, 15, 16]),
        (Enrolment(october(15), october(12), (Stay(october(12), october(12)),)), [12, 15, 16]),
    ],
    ids=["always", "joined", "left", "both", "one day", "came back", "left last year", "after an earlier stay", "both say the same"],
)
def test_days_on_the_roll(enrolment: Enrolment, days: list[int]) -> None:
    assert [day for day in range(12, 17) if enrolment.on_roll(october(day))] == days


def test_a_stay_that_ended_before_the_new_start_is_kept() -> None:
    left = ALWAYS.changed(october(1), october(20), None)
    back = left.changed(october(27), None, None)
    assert back.stays == (Stay(october(1), october(20)), Stay(october(27), None))
    assert back.changed(october(27), None, None) == back
    again = back.changed(october(27), october(28), None).changed(date(2026, 11, 2), None, None)
    assert again.stays == (Stay(october(1), october(20)), Stay(october(27), october(28)), Stay(date(2026, 11, 2), None))


def test_a_start_that_is_corrected_takes_no_stay_with_it() -> None:
    first = ALWAYS.changed(october(12), None, None)
    assert first.changed(october(14), None, None).stays == (Stay(october(14), None),)
    back = ALWAYS.changed(october(1), october(20), None).changed(october(27), None, None)
    assert back.changed(october(19), None, None).stays == (Stay(october(19), None),)
    assert back.changed(None, None, None).stays == (Stay(None, None),)


def test_a_removed_student_has_left_today_unless_a_last_day_was_sent() -> None:
    assert ALWAYS.left(october(20)) == Enrolment(None, october(20))
    assert Enrolment(october(1), october(16)).left(october(20)) == Enrolment(october(1), october(16))
    assert Enrolment(october(1), october(30)).left(october(20)) == Enrolment(october(1), october(20))
    assert Enrolment(october(27)).left(october(20)) == Enrolment(october(27))
    assert Enrolment(october(19), october(12)).left(october(20)).stays == (Stay(None, october(12)), Stay(october(19), october(20)))


def test_a_whole_term_is_the_schools_own_calendar() -> None:
    calendar = SchoolCalendar((TERM,))
    assert calendar.for_student(None, TERM) is calendar
    assert calendar.for_student(Enrolment(date(2024, 2, 1)), TERM) is calendar
    assert calendar.for_student(Enrolment(MONDAY, TERM.end), TERM) is calendar
    assert calendar.for_student(Enrolment(MONDAY + timedelta(days=1)), TERM) != calendar


def test_sessions_that_are_not_attended_are_not_open() -> None:
    week = week_of({"mon": ["PM", "AM"], "tue": ["AM"], "wed": ["PM"]})
    calendar = SchoolCalendar((TERM,), half_days=frozenset({october(20), october(21)}), timetables=(Timetable(None, PERIODS),))
    own = calendar.for_student(Enrolment(attends=week), TERM)
    seen = {day: own.opening(october(day)) for day in (12, 13, 14, 15, 20, 21)}
    assert [(day, opening.half_days, opening.sessions, [slot.slot for slot in opening.slots]) for day, opening in seen.items()] == [
        (12, 2, ("AM", "PM"), [1, 2, 3, 4, 5]),
        (13, 1, ("AM",), [1, 2, 3]),
        (14, 1, ("PM",), [4, 5]),
        (15, 0, (), []),
        # Half-day openings: a morning, unless only the afternoon is marked.
        (20, 1, ("AM",), [1, 2, 3]),
        (21, 0, (), []),
    ]
    assert seen[21].marked([], [4]).sessions == ("PM",)
    assert seen[20].marked(["PM"], []).sessions == ("AM",)
    assert own.for_student(Enrolment(october(20), attends=week), TERM).opening(MONDAY) is NOT_ON_ROLL


def test_all_sessions_of_the_week_are_no_part_time() -> None:
    assert week_of({day: ["AM", "PM"] for day in ("mon", "tue", "wed", "thu", "fri")}) is None
    assert week_of(None) is None
