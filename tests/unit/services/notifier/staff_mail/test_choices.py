"""When a school's next digest goes, on its own clock. Every moment here was worked out by hand."""

from datetime import UTC, date, datetime, time

import pytest

from services.notifier.staff_mail.choices import DigestChoice, next_digest
from shared.attendance.calendar import SchoolCalendar, Term

LABOUR_DAY = date(2026, 10, 26)
TEACHERS_ONLY = date(2026, 11, 6)
T3 = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25))
T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
T1 = Term("2027-T1", date(2027, 2, 1), date(2027, 4, 16))
CLOSED = frozenset({LABOUR_DAY, TEACHERS_ONLY})
SCHOOL = SchoolCalendar((T3, T4, T1), CLOSED)
CHATHAM = SchoolCalendar((T3, T4, T1), CLOSED, timezone="Pacific/Chatham")
LAST_YEAR_KNOWN = SchoolCalendar((T3, T4), CLOSED)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MORNING = DigestChoice("dean@kura.example", time(7, 30))


@pytest.mark.parametrize(
    ("calendar", "now", "last_on", "day", "moment"),
    [
        pytest.param(SCHOOL, "2026-11-19T17:00", None, "2026-11-20", "2026-11-19T18:30", id="this morning"),
        pytest.param(SCHOOL, "2026-11-19T20:00", None, "2026-11-20", "2026-11-19T18:30", id="this morning's is late"),
        pytest.param(SCHOOL, "2026-11-19T18:30", date(2026, 11, 20), "2026-11-23", "2026-11-22T18:30", id="after Friday's, Monday's"),
        pytest.param(SCHOOL, "2026-11-21T02:00", date(2026, 11, 19), "2026-11-23", "2026-11-22T18:30", id="Friday's was missed"),
        pytest.param(SCHOOL, "2026-10-24T02:00", date(2026, 10, 23), "2026-10-27", "2026-10-26T18:30", id="not on Labour Day"),
        pytest.param(SCHOOL, "2026-12-18T02:00", date(2026, 12, 18), "2027-02-01", "2027-01-31T18:30", id="after the summer"),
        pytest.param(CHATHAM, "2026-11-19T10:00", None, "2026-11-19", "2026-11-18T17:45", id="on the Chathams' clock"),
    ],
)
def test_the_next_digest(calendar: SchoolCalendar, now: str, last_on: date | None, day: str, moment: str) -> None:
    assert next_digest(MORNING, calendar, utc(now), last_on) == (date.fromisoformat(day), utc(moment))


def test_no_digest_is_planned_beyond_the_calendar() -> None:
    assert next_digest(MORNING, LAST_YEAR_KNOWN, utc("2026-12-18T02:00"), date(2026, 12, 18)) is None
