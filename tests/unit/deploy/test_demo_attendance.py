"""The made-up term: how many are away how much, what is corrected, and that a later run only adds to it."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from deploy.demo.attendance import Attendance, Mark, absent_half_days
from deploy.demo.school import students
from deploy.demo.terms import school_year
from services.ingest.marks.batch import Batch
from shared.attendance.codes import CodeTable

EVERYBODY = students()
ZONE = ZoneInfo("Pacific/Auckland")
DAYS = [date(2026, 3, 2), date(2026, 7, 8), date(2026, 8, 30), date(2026, 11, 22), date(2027, 1, 1), date(2028, 2, 29)]


def attendance_on(day: date) -> Attendance:
    calendar = school_year(day)
    term = calendar.term_on(day)
    assert term is not None
    return Attendance(EVERYBODY, calendar, term)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


def called(attendance: Attendance, now: datetime) -> list[Mark]:
    return [mark for roll_call in attendance.roll_calls(now) for mark in roll_call.marks]


def count(marks: Iterable[Mark]) -> Counter[str]:
    """Half days absent by student, with the code of each half day's latest mark; counted slowly and obviously."""
    latest: dict[tuple[str, date, str], Mark] = {}
    for mark in sorted(marks, key=lambda mark: mark.recorded_at):
        latest[mark.student, mark.day, mark.session] = mark
    return Counter(mark.student for mark in latest.values() if mark.code in ("M", "J", "U", "O", "E", "G", "T", "?"))


def share(counts: Counter[str], half_days: int) -> float:
    return sum(total >= half_days for total in counts.values()) / 300


@pytest.mark.parametrize("day", DAYS)
def test_about_a_quarter_are_away_5_days_and_a_few_10_and_15(day: date) -> None:
    attendance = attendance_on(day)
    seventh_week = at(attendance.term.start + timedelta(weeks=7, days=3), 18)
    marks = called(attendance, seventh_week) + [correction.after for correction in attendance.corrections(seventh_week)]
    counts = count(marks)

    assert 0.23 <= share(counts, 10) <= 0.31
    assert 0.055 <= share(counts, 20) <= 0.105
    assert 0.02 <= share(counts, 30) <= 0.045
    assert 0.05 <= counts.total() / 300 / 70 <= 0.12


@pytest.mark.parametrize("day", DAYS)
def test_corrections_come_after_the_roll_and_pull_students_back_under_a_threshold(day: date) -> None:
    attendance = attendance_on(day)
    now = at(day, 18)
    marks, corrections = called(attendance, now), attendance.corrections(now)
    before, after = count(marks), count([*marks, *(correction.after for correction in corrections)])

    posted = {(mark.student, mark.day, mark.session): mark for mark in marks}
    for correction in corrections:
        original = posted[correction.after.student, correction.after.day, correction.after.session]
        assert original == correction.before
        assert original.recorded_at < correction.after.recorded_at <= now
        assert original.code != correction.after.code
    assert sum(before[student] >= 10 > after[student] for student in before) >= 5
    assert sum(before[student] >= 20 > after[student] for student in before) >= 2
    # The camp's list comes last, and does what it is there for.
    assert [correction.at_camp for correction in corrections] == sorted(correction.at_camp for correction in corrections)
    assert {(correction.before.code, correction.after.code) for correction in corrections if correction.at_camp} == {("?", "Q")}


def test_every_code_occurs_and_most_marks_are_present() -> None:
    attendance = attendance_on(date(2026, 11, 22))
    codes = Counter(mark.code for mark in called(attendance, at(date(2026, 12, 18), 18)))
    codes += Counter(correction.after.code for correction in attendance.corrections(at(date(2026, 12, 18), 18)))
    assert set(codes) == set("PLADIQMJUOEGT?X")
    assert codes["P"] / codes.total() > 0.8


@pytest.mark.parametrize("day", DAYS)
def test_the_door_takes_every_mark(day: date) -> None:
    attendance = attendance_on(day)
    now = at(day, 13, 30)
    marks = called(attendance, now) + [correction.after for correction in attendance.corrections(now)]
    batch = Batch(attendance.calendar, CodeTable.load(), now.astimezone(UTC), timedelta(minutes=5))
    batch.take_all(msgspec.Raw(msgspec.json.encode(mark.as_json())) for mark in marks)
    assert batch.rejected == []
    assert len(batch.accepted) == len(marks) > 10_000


def test_every_open_half_day_is_marked_for_everybody_and_no_other() -> None:
    attendance = attendance_on(date(2026, 11, 22))
    by_day = Counter((mark.day, mark.session) for mark in called(attendance, at(date(2026, 11, 22), 18)))
    assert set(by_day.values()) == {300}
    # Six weeks of Monday to Friday, but for Labour Day and the teachers' Friday; and a Wednesday with a morning only.
    days = {day for day, _ in by_day}
    assert len(days) == 28
    assert date(2026, 11, 6) not in days
    assert (date(2026, 11, 11), "AM") in by_day
    assert len(by_day) == 55
    assert (date(2026, 11, 11), "PM") not in by_day


def test_today_is_played_as_far_as_it_has_come() -> None:
    today = date(2026, 11, 18)
    attendance = attendance_on(date(2026, 11, 22))

    def sessions(hour: int, minute: int) -> set[str]:
        return {mark.session for mark in called(attendance, at(today, hour, minute)) if mark.day == today}

    assert sessions(8, 0) == sessions(9, 10) == set()
    assert sessions(9, 15) == sessions(12, 0) == sessions(13, 15) == {"AM"}
    assert sessions(13, 20) == sessions(23, 59) == {"AM", "PM"}


def test_a_later_run_only_adds() -> None:
    first = attendance_on(date(2026, 11, 22))
    earlier, later = at(date(2026, 11, 18), 12), at(date(2026, 11, 20), 18)
    again = attendance_on(date(2026, 11, 22))

    assert called(first, later) == called(again, later)
    assert called(again, later)[: len(called(first, earlier))] == called(first, earlier)
    assert {correction.after for correction in first.corrections(earlier)} <= {correction.after for correction in again.corrections(later)}
    keys = [roll_call.key for roll_call in first.roll_calls(later)]
    assert keys == sorted(keys)


def test_terms_differ_from_each_other() -> None:
    autumn, spring = attendance_on(date(2026, 7, 8)), attendance_on(date(2026, 11, 22))
    counts = [count(called(attendance, at(attendance.term.end, 18))) for attendance in (autumn, spring)]
    assert counts[0] != counts[1]


def test_the_schools_own_count_takes_the_latest_mark() -> None:
    monday = date(2026, 11, 16)
    marks = [
        Mark("1", monday, "AM", "?", at(monday, 9)),
        Mark("1", monday, "PM", "M", at(monday, 13)),
        Mark("1", monday, "AM", "Q", at(monday, 15)),
        Mark("1", monday, "AM", "?", at(monday, 9)),
        Mark("2", monday, "AM", "P", at(monday, 9)),
    ]
    assert absent_half_days(marks) == {"1": 1, "2": 0}
