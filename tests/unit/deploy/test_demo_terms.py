"""The made-up school's year: on every day of many years there is a term to show, and the door takes the calendar."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from deploy.demo.school import school_json
from deploy.demo.terms import carried_on, school_year, today_at_school
from services.ingest.schools.schemas import SchoolIn
from shared.attendance.calendar import SchoolCalendar, Term


def days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def test_on_every_day_a_term_has_been_running_for_weeks_and_goes_on() -> None:
    for today in days(date(2020, 1, 1), date(2036, 12, 31)):
        terms = school_year(today).terms
        current = [term for term in terms if term.start <= today <= term.end]
        assert len(current) == 1, today
        weeks_begun = (today - current[0].start).days / 7
        assert 5 <= weeks_begun < 10, today
        for earlier, later in pairwise(terms):
            assert earlier.end + timedelta(days=16) <= later.start, today
        for term in terms:
            assert term.start.weekday() == 0, today
            assert (term.end - term.start).days == 67, today
            assert term.name.startswith(f"{term.start.year}-T"), today
        names = [term.name for term in terms]
        assert names == sorted(set(names)), today
        assert {name[:4] for name in names} == {str(today.year + offset) for offset in (-1, 0, 1)}, today
        assert names[0].endswith("-T1"), today


@pytest.mark.parametrize(
    ("today", "name", "start", "end"),
    [
        (date(2026, 11, 22), "2026-T4", date(2026, 10, 12), date(2026, 12, 18)),
        (date(2026, 8, 25), "2026-T3", date(2026, 7, 20), date(2026, 9, 25)),
        # In the holidays, at new year, and on the first day of a term the year is moved.
        (date(2026, 7, 8), "2026-T2", date(2026, 5, 18), date(2026, 7, 24)),
        (date(2027, 1, 1), "2026-T4", date(2026, 11, 9), date(2027, 1, 15)),
        (date(2026, 2, 2), "2025-T4", date(2025, 12, 15), date(2026, 2, 20)),
        (date(2026, 4, 28), "2026-T1", date(2026, 3, 9), date(2026, 5, 15)),
    ],
)
def test_usual_dates_where_they_serve_and_moved_ones_where_not(today: date, name: str, start: date, end: date) -> None:
    assert school_year(today).term_on(today) == Term(name, start, end)


def test_the_door_takes_every_calendar() -> None:
    seen: set[object] = set()
    for today in days(date(2024, 1, 1), date(2029, 1, 31)):
        calendar = school_year(today)
        if calendar.terms in seen:
            continue
        seen.add(calendar.terms)
        school = SchoolIn.model_validate(school_json(calendar))
        assert [(term.term, term.start, term.end) for term in school.terms] == [
            (term.name, term.start, term.end) for term in calendar.terms
        ]
        assert school.closed_days == sorted(calendar.closed_days)
    assert len(seen) > 50


def test_closed_days_are_weekdays_of_terms() -> None:
    calendar = school_year(date(2027, 2, 3))
    assert date(2027, 2, 3) in Term("2026-T4", date(2026, 12, 14), date(2027, 2, 19))
    # Christmas, Boxing Day (a Saturday, so kept on the Monday), New Year and the day after it (kept on the Monday), Waitangi Day (a
    # Saturday, so kept on the Monday), and the teachers' Friday in the fourth week.
    term = calendar.term_on(date(2027, 2, 3))
    assert term is not None
    assert [day for day in sorted(calendar.closed_days) if day in term] == [
        date(2026, 12, 25),
        date(2026, 12, 28),
        date(2027, 1, 1),
        date(2027, 1, 4),
        date(2027, 1, 8),
        date(2027, 2, 8),
    ]
    assert [day for day in sorted(calendar.half_days) if day in term] == [date(2027, 1, 13)]
    for day in calendar.closed_days | calendar.half_days:
        assert day.weekday() < 5
        assert calendar.term_on(day) is not None


def test_a_calendar_that_holds_marks_stays_as_it_is() -> None:
    stored = school_year(date(2026, 7, 8))
    assert carried_on(stored, date(2026, 7, 8)) is stored
    assert carried_on(stored, date(2027, 10, 1)) is stored


def test_a_calendar_that_is_used_up_gets_more_terms() -> None:
    stored = school_year(date(2026, 7, 8))
    for today in days(stored.terms[-1].end + timedelta(days=1), stored.terms[-1].end + timedelta(days=800)):
        longer = carried_on(stored, today)
        assert longer.terms[: len(stored.terms)] == stored.terms
        assert stored.closed_days <= longer.closed_days
        assert longer.terms[-1].end > today
        for earlier, later in pairwise(longer.terms):
            assert earlier.end < later.start
        assert len({term.name for term in longer.terms}) == len(longer.terms)


def test_the_schools_day_begins_before_ours() -> None:
    assert today_at_school(datetime(2026, 11, 21, 12, 30, tzinfo=UTC)) == date(2026, 11, 22)
    assert today_at_school(datetime(2026, 7, 21, 11, 30, tzinfo=UTC)) == date(2026, 7, 21)


def test_calendars_are_plain() -> None:
    assert isinstance(school_year(date(2026, 1, 1)), SchoolCalendar)
    assert school_year(date(2026, 1, 1)) == school_year(date(2026, 1, 1))
